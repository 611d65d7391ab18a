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

/// Simulated devices on a serial bus, over TCP with its header, or over TCP with RTU frames:
/// register n of unit u (input and holding) says 100 u + n, bit n is set where n + u is a multiple
/// of 3. What a dead unit would answer is not sent (0 for none; only with RTU frames).
const BUS: &str = r"
import sys
from pymodbus import FramerType
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
framer, place, units, dead = sys.argv[1:5]
def device(unit):
    bits = [SimData(0, values=[(n + unit) % 3 == 0 for n in range(32)], datatype=DataType.BITS)]
    words = [SimData(0, values=[100 * unit + n for n in range(20)], datatype=DataType.REGISTERS)]
    return SimDevice(unit, simdata=(bits, bits, words, words))
devices = [device(unit) for unit in range(1, int(units) + 1)]
def sent(sending, packet):
    return b'' if sending and int(dead) and packet[0] == int(dead) else packet
if framer == 'serial':
    StartSerialServer(devices, framer=FramerType.RTU, port=place, baudrate=19200, trace_packet=sent)
else:
    StartTcpServer(devices, framer=FramerType(framer), address=('127.0.0.1', int(place)), trace_packet=sent)
";

/// A running server.
pub(crate) struct Pymodbus {
    child: Child,
    pub(crate) port: u16,
}

/// Whether pymodbus, with what it needs for serial ports, is installed.
pub(crate) fn is_there() -> bool {
    let status = Command::new("python3")
        .args(["-c", "import pymodbus.simulator, serial"])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The registers that pymodbus writes for 40000, -1234, and in both word orders 3000000000,
/// -123456 and 3.25; `None` when it is not installed.
pub(crate) fn words() -> Option<Vec<u16>> {
    let output = Command::new("python3").args(["-c", WORDS]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().split(',').map(|word| word.parse().ok()).collect()
}

fn bus(framer: &str, place: &str, units: u8, dead: u8) -> Child {
    Command::new("python3")
        .args(["-c", BUS, framer, place, &units.to_string(), &dead.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
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
        let server = Self { child, port };
        server.listens();
        server
    }

    /// Simulates units 1 to so many, of which one may be dead (0 for none), over TCP with this
    /// framing: `socket` or `rtu`.
    pub(crate) fn simulate(framer: &str, units: u8, dead: u8) -> Self {
        let port = free_port();
        let server = Self { child: bus(framer, &port.to_string(), units, dead), port };
        server.listens();
        server
    }

    /// The same on a serial port; when it has begun to listen nobody can see.
    pub(crate) fn simulate_on(path: &str, units: u8, dead: u8) -> Self {
        Self { child: bus("serial", path, units, dead), port: 0 }
    }

    fn listens(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "pymodbus does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Pymodbus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
