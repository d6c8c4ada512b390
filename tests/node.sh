# Sourced: puts a Node.js onto the PATH that Bolt for JavaScript runs on. Where the system's is older
# than 20, as Debian 12's, that is one from npm, kept in the target folder.
if [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -lt 20 ] && command -v npm >/dev/null; then
  node_home="$(realpath -m "${CARGO_TARGET_DIR:-target}")/node"
  if [ ! -x "$node_home/node_modules/node/bin/node" ]; then
    echo "installing Node.js 24 from npm: the system's is too old for Bolt for JavaScript"
    npm install --silent --no-audit --no-fund --prefix "$node_home" node@24.21.0
  fi
  export PATH="$node_home/node_modules/node/bin:$PATH"
fi
