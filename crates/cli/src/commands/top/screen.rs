//! The terminal while `ordermill top` has it: the alternate screen, no cursor, keys as they are pressed. What it was before
//! comes back when this is dropped, on whatever way.

use std::io::{self, IsTerminal, Read, Write};

use console::Term;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use super::layout::Size;

const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// To the upper left corner.
const HOME: &str = "\x1b[H";
/// The rest of the line, the rest of the screen.
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_REST: &str = "\x1b[J";
/// When a terminal doesn't tell its size.
const USUAL: Size = Size {
    width: 80,
    height: 24,
};

/// The terminal as ours.
pub struct Screen {
    terminal: Term,
    /// How the terminal took keys before.
    before: Option<Termios>,
}

impl Screen {
    /// Takes the terminal.
    pub fn enter() -> io::Result<Self> {
        let terminal = Term::stdout();
        let before = io::stdin().is_terminal().then(take_keys).transpose()?;
        let screen = Self { terminal, before };
        screen.write(ENTER)?;
        Ok(screen)
    }

    /// How much fits.
    pub fn size(&self) -> Size {
        self.terminal
            .size_checked()
            .map_or(USUAL, |(height, width)| Size {
                width: width.into(),
                height: height.into(),
            })
    }

    /// Shows these lines and nothing else. They are written over those before, so that nothing flickers.
    pub fn show(&self, lines: &[String]) -> io::Result<()> {
        let ends: Vec<String> = lines.iter().map(|line| format!("{line}{CLEAR_LINE}")).collect();
        self.write(&format!("{HOME}{}{CLEAR_REST}", ends.join("\n")))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = self.write(LEAVE);
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Has keys come one by one and unseen. Ctrl-C still is a signal; Ctrl-Z is nothing, for it would leave the screen as it is.
fn take_keys() -> io::Result<Termios> {
    let before = tcgetattr(io::stdin())?;
    let mut ours = before.clone();
    ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    ours.special_codes[SpecialCodeIndex::VSUSP] = 0;
    tcsetattr(io::stdin(), OptionalActions::Now, &ours)?;
    Ok(before)
}

/// The keys that are pressed, from a thread that waits for them; nothing comes where standard input is no terminal.
pub fn keys() -> mpsc::Receiver<u8> {
    let (sender, receiver) = mpsc::channel(16);
    if io::stdin().is_terminal() {
        std::thread::spawn(move || {
            for byte in io::stdin().lock().bytes() {
                match byte {
                    Ok(byte) if sender.blocking_send(byte).is_ok() => {}
                    Ok(_) | Err(_) => return,
                }
            }
        });
    }
    receiver
}
