//! The stage as an adapter for `run`: lines from the terminal in, what is said out.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rustyline::ExternalPrinter;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use underrose_chat::{
    Action, Adapter, DeliverError, DeliveryKey, Expected, Finding, Inbox, Level, ListenError,
    Network, Receipt,
};

use crate::line::{Line, parse};
use crate::stage::{CONSOLE, Stage};

/// What time it is, from whoever may ask.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// One network of a stage.
pub struct Console {
    network: Network,
    stage: Arc<Stage>,
    now: Now,
    /// Beside real networks the console is this one person and nobody else.
    operator: Option<String>,
    /// Where each effect's lines go; the terminal, unless a test looks.
    show: Show,
    /// Prints above the line that is being typed, once there is one.
    above: Above,
}

type Show = Arc<dyn Fn(Vec<String>) + Send + Sync>;
type Above = Arc<Mutex<Option<Box<dyn ExternalPrinter + Send>>>>;

impl Console {
    pub fn new(stage: Arc<Stage>, now: Now, operator: Option<String>) -> Self {
        Self::on(CONSOLE, stage, now, operator)
    }

    /// Another network on the same stage, for rehearsals with several.
    pub fn of(network: &str, stage: Arc<Stage>, now: Now) -> Self {
        Self::on(network, stage, now, None)
    }

    fn on(network: &str, stage: Arc<Stage>, now: Now, operator: Option<String>) -> Self {
        let above = Above::default();
        Self {
            network: Network(network.to_owned()),
            stage,
            now,
            operator,
            show: terminal(above.clone()),
            above,
        }
    }

    /// Lets somebody else see what is said.
    #[must_use]
    pub fn showing(mut self, show: Show) -> Self {
        self.show = show;
        self
    }

    fn flush(&self) {
        let lines = self.stage.take_output();
        if !lines.is_empty() {
            (self.show)(lines);
        }
    }

    /// Understands a line as the person and in the room that `/as` and `/in` chose.
    fn understand(&self, line: &str, person: &str, room: Option<&str>) -> Result<Line, String> {
        match parse(line) {
            Ok(parsed) => {
                if let (Some(operator), Some(who)) = (&self.operator, speaker(&parsed))
                    && who != operator
                {
                    return Err(format!("here you are {operator} and nobody else"));
                }
                Ok(parsed)
            }
            // A plain line is said by whom one is, where one is.
            Err(_) => Ok(Line::Says {
                who: person.to_owned(),
                room: room.map(str::to_owned),
                text: line.to_owned(),
                edited: false,
            }),
        }
    }
}

fn speaker(line: &Line) -> Option<&str> {
    match line {
        Line::Says { who, .. }
        | Line::Presses { who, .. }
        | Line::Fills { who, .. }
        | Line::Changes { who, .. }
        | Line::Cancels { who }
        | Line::Opens { who }
        | Line::Sends { who, .. }
        | Line::Joins { who, .. }
        | Line::Leaves { who, .. } => Some(who),
        Line::Blank
        | Line::Comment(_)
        | Line::Expected(_)
        | Line::Members { .. }
        | Line::Moved { .. }
        | Line::Exposed { .. }
        | Line::Advance(_)
        | Line::Directive { .. } => None,
    }
}

#[async_trait]
impl Adapter for Console {
    fn network(&self) -> &Network {
        &self.network
    }

    fn tells_time(&self) -> bool {
        false
    }

    async fn listen(&self, inbox: Inbox, stop: CancellationToken) -> Result<(), ListenError> {
        let (typed, mut lines) = mpsc::unbounded_channel();
        let reader = std::thread::Builder::new().name("console".to_owned());
        let above = self.above.clone();
        reader
            .spawn(move || read_lines(&typed, &above))
            .map_err(|error| ListenError {
                reason: error.to_string(),
            })?;
        let mut person = self.operator.clone().unwrap_or_else(|| "alice".to_owned());
        let mut room: Option<String> = None;
        loop {
            let line = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                line = lines.recv() => line,
            };
            let Some(line) = line else {
                // No more input: the bot goes on without it, until it is stopped.
                stop.cancelled().await;
                return Ok(());
            };
            let line = line.trim_end();
            if let Some(command) = line.strip_prefix('/') {
                match self.slash(command, &mut person, &mut room) {
                    Some(text) => (self.show)(vec![text]),
                    None => return Ok(()),
                }
                continue;
            }
            let happened = self
                .understand(line, &person, room.as_deref())
                .and_then(|line| self.stage.act(&line, (self.now)()));
            match happened {
                Ok(Some(inbound)) => match inbox.accept(inbound.clone()).await {
                    Ok(immediate) => self.stage.answered(&inbound, &immediate),
                    Err(_) => return Ok(()),
                },
                Ok(None) => {}
                Err(mistake) => (self.show)(vec![format!("    ? {mistake}")]),
            }
            self.flush();
        }
    }

    async fn deliver(&self, key: &DeliveryKey, action: &Action) -> Result<Receipt, DeliverError> {
        let receipt = self.stage.deliver(&self.network, key, action, (self.now)());
        self.flush();
        receipt
    }

    async fn find(
        &self,
        key: &DeliveryKey,
        _action: &Action,
        _since: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliverError> {
        Ok(self.stage.find(&self.network, key))
    }

    async fn check(&self, _expected: &Expected) -> Vec<Finding> {
        let text = "the console needs no connection, and rooms are there when they are named";
        vec![Finding {
            level: Level::Good,
            text: text.to_owned(),
        }]
    }
}

impl Console {
    /// `/as bob`, `/in #room`, `/rooms`, `/help`; `None` is `/quit`.
    fn slash(
        &self,
        command: &str,
        person: &mut String,
        room: &mut Option<String>,
    ) -> Option<String> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let rest = rest.trim();
        Some(match (word, rest) {
            ("quit" | "exit", _) => return None,
            ("as", "") => format!("    you are {person}"),
            ("as", _) if self.operator.is_some() => "    ? here you are the operator and nobody else".to_owned(),
            ("as", who) => {
                *person = who.trim_start_matches('@').to_owned();
                format!("    you are {person}")
            }
            ("in", "") => {
                *room = None;
                "    you talk to the bot alone".to_owned()
            }
            ("in", name) => {
                let name = name.trim_start_matches('#').to_owned();
                let shown = format!("    you are in #{name}");
                *room = Some(name);
                shown
            }
            ("rooms", _) => format!("    {}", self.stage.rooms().join(" ")),
            _ => "    /as bob, /in #room (or /in alone), /rooms, /quit; anything else is said by you \
                  where you are: `vuln help`"
                .to_owned(),
        })
    }
}

/// Lines of standard input; at a terminal with editing, and a history that is never written down.
fn read_lines(typed: &mpsc::UnboundedSender<String>, above: &Above) {
    if !std::io::stdin().is_terminal() {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if typed.send(line).is_err() {
                return;
            }
        }
        return;
    }
    let Some(mut prompt) = Prompt::new() else {
        return;
    };
    *lock(above) = prompt.printer();
    while let Some(line) = prompt.read() {
        if typed.send(line).is_err() {
            return;
        }
    }
    *lock(above) = None;
    let _ = typed.send("/quit".to_owned());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line editor with a history that lives as long as the process: what is typed is confidential.
pub struct Prompt(rustyline::DefaultEditor);

impl Prompt {
    /// `None` if the terminal cannot be used.
    pub fn new() -> Option<Self> {
        rustyline::DefaultEditor::new().ok().map(Self)
    }

    /// Prints above the prompt, from any thread.
    fn printer(&mut self) -> Option<Box<dyn ExternalPrinter + Send>> {
        let printer = self.0.create_external_printer().ok()?;
        Some(Box::new(printer))
    }

    /// The next line; `None` at Ctrl-C, Ctrl-D or a lost terminal.
    pub fn read(&mut self) -> Option<String> {
        let line = self.0.readline("> ").ok()?;
        let _ = self.0.add_history_entry(&line);
        Some(line)
    }
}

fn terminal(above: Above) -> Show {
    Arc::new(move |lines| {
        let text: String = lines.iter().map(|line| coloured(line) + "\n").collect();
        match lock(&above).as_mut() {
            Some(printer) => drop(printer.print(text)),
            None => print!("{text}"),
        }
        let _ = std::io::stdout().flush();
    })
}

/// What went to a room in one colour, to a person in another; plain where nobody looks.
fn coloured(line: &str) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some() || !std::io::stdout().is_terminal();
    let colour = match line.trim_start().chars().next() {
        _ if plain => None,
        Some('#') => Some("36"),
        Some('@') => Some("33"),
        Some('(') => Some("32"),
        Some('?') => Some("31"),
        Some(_) | None => None,
    };
    match colour {
        Some(colour) => format!("\u{1b}[{colour}m{line}\u{1b}[0m"),
        None => line.to_owned(),
    }
}
