// One surface of Slack's as a web page: a message, a modal or App Home, drawn from its blocks by
// slack-blocks-to-jsx. What surrounds the blocks (titles, buttons of a modal) is ours.
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";

const { kind, shown, channels } = window.surface;

// The renderer shows what a view was opened with; people see what they have entered since. It
// also shows no chosen option, and a line as a paragraph: that is mended here.
const mended = [];
function entered(block) {
  const { element, block_id: id } = block;
  // In Slack `verbatim` keeps addresses and names as they are; the renderer keeps the stars too.
  const fields = block.fields?.map(({ verbatim, ...field }) => field);
  if (block.type !== "input") return fields ? { ...block, fields } : block;
  const held = shown.state?.values?.[id]?.[element.action_id];
  const label = block.optional ? { ...block.label, text: `${block.label.text} (optional)` } : block.label;
  const css = CSS.escape(element.action_id);
  if (element.type === "static_select") {
    const chosen = held?.selected_option ?? element.initial_option;
    if (chosen) mended.push(`#${css} .absolute { color: #1d1c1d; }`);
    return { ...block, label, element: { ...element, placeholder: chosen?.text } };
  }
  if (!element.multiline) mended.push(`#${css} textarea { height: 38px !important; min-height: 0 !important; }`);
  return { ...block, label, element: { ...element, initial_value: held?.value ?? element.initial_value } };
}

const drawn = shown.blocks.map(entered);
const blocks = (
  <>
    <style>{mended.join("\n")}</style>
    <Message blocks={drawn} withoutWrapper data={{ channels }} />
  </>
);

function Said() {
  return (
    <div className="said">
      <div className="face">🌹</div>
      <div>
        <b>Underrose</b> <span className="app">APP</span> <span className="quiet">16:00</span>
        {blocks}
      </div>
    </div>
  );
}

function Modal() {
  return (
    <div className="modal">
      <header><span className="face small">🌹</span><b>{shown.title.text}</b><span className="quiet">✕</span></header>
      <main>{blocks}</main>
      <footer>
        <button>{shown.close?.text ?? "Close"}</button>
        {shown.submit && <button className="go">{shown.submit.text}</button>}
      </footer>
    </div>
  );
}

function Home() {
  return (
    <div className="home">
      <header><span className="face small">🌹</span><b>Underrose</b><u>Home</u><span className="quiet">Messages</span></header>
      <main>{blocks}</main>
    </div>
  );
}

const Surface = { message: Said, modal: Modal, home: Home }[kind];
createRoot(document.getElementById("surface")).render(<Surface />);
