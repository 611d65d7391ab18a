//! A pymodbus server: another hand's reading of the Modbus specification.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::free_port;

/// Serves input registers from address 0 for unit 7, as given; holding registers are the same
/// plus one.
const SERVER: &str = r"
import sys
from pymodbus.server import StartTcpServer
from pymodbus.datastore import ModbusServerContext, ModbusSequentialDataBlock
from pymodbus.datastore import ModbusDeviceContext
words = [int(word) for word in sys.argv[2].split(',')]
device = ModbusDeviceContext(
    ir=ModbusSequentialDataBlock(1, words),
    hr=ModbusSequentialDataBlock(1, [(word + 1) & 0xffff for word in words]))
StartTcpServer(context=ModbusServerContext(devices={7: device}, single=False),
    address=('127.0.0.1', int(sys.argv[1])))
";

/// The kinds and orders of the wire, written by pymodbus' own conversion.
const WORDS: &str = r"
import sys
from pymodbus.client.mixin import ModbusClientMixin as M
T = M.DATATYPE
words = []
for kind, value in ((T.UINT16, 40000), (T.INT16, -1234)):
    words += M.convert_to_registers(value, kind)
for order in ('big', 'little'):
    for kind, value in ((T.UINT32, 3000000000), (T.INT32, -123456), (T.FLOAT32, 3.25)):
        words += M.convert_to_registers(value, kind, word_order=order)
print(','.join(str(word) for word in words))
";

/// A running server.
pub(crate) struct Pymodbus {
    child: Child,
    pub(crate) port: u16,
}

/// The registers that pymodbus writes for 40000, -1234, and in both word orders 3000000000,
/// -123456 and 3.25; `None` when it is not installed.
pub(crate) fn words() -> Option<Vec<u16>> {
    let output = Command::new("python3").args(["-c", WORDS]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().split(',').map(|word| word.parse().ok()).collect()
}

impl Pymodbus {
    /// Serves these words.
    pub(crate) fn serve(words: &[u16]) -> Self {
        let port = free_port();
        let list: Vec<String> = words.iter().map(u16::to_string).collect();
        let child = Command::new("python3")
            .args(["-c", SERVER, &port.to_string(), &list.join(",")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "pymodbus does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Pymodbus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
