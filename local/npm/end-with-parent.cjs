// Preloaded into a child process (node --require): it stops, keeping its state, when its standard input closes,
// that is when the parent asks for it or has ended, however it ended.
if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`Node.js 20 or later is needed; this is ${process.version}.`);
  process.exit(1);
}

let stopping = false;
const stop = () => {
  if (!stopping) {
    stopping = true;
    process.emit("SIGTERM", "SIGTERM");
    setTimeout(() => process.exit(1), 8000).unref();
  }
};
process.stdin.on("end", stop).on("error", stop).resume();
process.stdin.unref?.();

// Ctrl-C reaches the whole process group, but the parent stops whatever uses this process first.
process.on("SIGINT", () => {}).on("SIGHUP", () => {});
process.on("newListener", (event, listener) => {
  if (event === "SIGINT") {
    setImmediate(() => process.off("SIGINT", listener));
  }
});
