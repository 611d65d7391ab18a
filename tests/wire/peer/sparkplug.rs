//! An edge node by another hand: pysparkplug, with one device and its births, data and last will.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Says `asked` for each command that comes; does what it is told line by line.
const NODE: &str = r"
import os, sys
from pysparkplug import DataType, Device, EdgeNode, Metric, get_current_timestamp
def metric(name, datatype, value):
    return Metric(timestamp=get_current_timestamp(), name=name, datatype=datatype, value=value)
def stage(value):
    return metric('Level/Stage', DataType.DOUBLE, value)
def told(node, message):
    print('asked', [m.name for m in message.payload.metrics], flush=True)
port = int(sys.argv[1])
node = EdgeNode('hue', 'edge-1', [metric('Node Control/Rebirth', DataType.BOOLEAN, False)], cmd_callback=told)
node.register(Device('rtu', [stage(1.0)]))
node.connect('127.0.0.1', port=port)
print('connected', flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == 'stage':
        node.update_device('rtu', [stage(float(rest[0]))])
    elif word == 'again':
        node.disconnect()
        node.connect('127.0.0.1', port=port)
    elif word == 'die':
        os._exit(1)
";

/// A running node.
pub(crate) struct Node {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Node {
    /// Connects a node to a broker; `None` when pysparkplug is not installed.
    pub(crate) fn start(port: u16) -> Option<Self> {
        let mut child = Command::new("python3")
            .args(["-c", NODE, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let said = BufReader::new(child.stdout.take()?);
        let mut node = Self { child, said };
        (node.next() == "connected").then_some(node)
    }

    /// The next line that it says; empty at its end.
    pub(crate) fn next(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Tells it to do something.
    pub(crate) fn tell(&mut self, what: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{what}").unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
