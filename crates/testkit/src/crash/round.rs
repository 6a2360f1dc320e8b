//! One round: a data directory, a crowd, some kills, rest, and the books.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::chance::Chance;
use super::http::{Answer, Http, NoAnswer};
use super::kill::{Kill, Point, learn, note_missed};
use super::load::{Book, Crowd, SHELVES};
use super::server::{Server, Start};
use super::{CrashError, CrashPlan, CrashReport, check};

/// How long a named point is waited for, under load.
const POINT_DEADLINE: Duration = Duration::from_secs(2);
/// How long all may take to come to rest: retries wait for seconds, and a message that failed for its queue's three
/// minutes. A bound for what never comes to rest, not a measure.
const REST_DEADLINE: Duration = Duration::from_secs(400);
/// Between two looks at whether all has come to rest, which has no event to wait for.
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Round<'p> {
    plan: &'p CrashPlan,
    points: &'p mut Vec<Point>,
    seed: u64,
    chance: Chance,
    dir: TempDir,
    start: Start,
    /// Where servers note the points that they pass.
    seen: PathBuf,
}

impl<'p> Round<'p> {
    pub(super) fn open(
        plan: &'p CrashPlan,
        seed: u64,
        points: &'p mut Vec<Point>,
    ) -> Result<Self, CrashError> {
        let dir = tempfile::Builder::new()
            .prefix("ordermill-crash-")
            .tempdir()
            .map_err(CrashError::Directory)?;
        let options = [
            "--payment-success-rate=0.7",
            "--payment-failures=declined=2,error=1,timeout-before-charge=1,timeout-after-charge=2",
            "--payment-refund-failure-rate=0.2",
            "--payment-delay-ms=1",
        ];
        let mut options: Vec<String> = options.iter().map(ToString::to_string).collect();
        options.push(format!("--payment-seed={seed}"));
        let start = Start {
            data: dir.path().join("data"),
            log: dir.path().join("server.log"),
            options,
        };
        Ok(Self {
            plan,
            points,
            seed,
            chance: Chance::new(seed),
            seen: dir.path().join("points"),
            dir,
            start,
        })
    }

    /// Plays the round; `done` kills came before it.
    pub(super) fn play(
        mut self,
        done: u32,
        kills: u32,
        report: &mut CrashReport,
        say: &mut dyn FnMut(String),
    ) -> Result<(), CrashError> {
        let key = self.prepare()?;
        let crowd = Crowd::start(self.plan.customers, &key, self.seed);
        let mut violations = Vec::new();
        for number in done + 1..=done + kills {
            let kill = self.pick();
            let told = self.live_until(&kill, &crowd, report)?;
            report.kills += 1;
            let book = crowd.book();
            let placed = book.placed.len();
            say(format!(
                "[{number}/{}] {told}; {placed} orders answered 201",
                self.plan.kills
            ));
            // The server is down: what was answered is on the disk, or it is nowhere.
            violations.extend(check::after_a_kill(&self.start.data, &book)?);
        }
        self.rest(crowd, &mut violations, report, say)?;
        if violations.is_empty() {
            return Ok(());
        }
        let kept = self.dir.keep();
        for violation in violations {
            say(format!("VIOLATION {violation}"));
            report
                .violations
                .push(format!("{violation} (seed {}, {})", self.seed, kept.display()));
        }
        Ok(())
    }

    /// Fills the shelves, makes the crowd's key, and stops as a server should.
    fn prepare(&mut self) -> Result<String, CrashError> {
        let mut server = self.spawn(None)?;
        let url = self.url(&mut server)?;
        let admin = self.admin()?;
        for (product, stock) in SHELVES {
            let body = json!({"name": product, "price": 10, "currency": "USD", "stock": stock});
            expect(admin.put(&format!("{url}/products/{product}"), &body), 201)?;
        }
        // A quota that nobody reaches is a plan of its own, without a throttle.
        let wanted = json!({"name": "crowd", "quota": 1_000_000_000});
        let made = expect(admin.post(&format!("{url}/admin/keys"), &wanted, None), 201)?;
        let status = server.terminate()?;
        // What is passed only here can't be waited for later.
        std::fs::write(&self.seen, "").map_err(CrashError::Directory)?;
        match made.body["key"].as_str() {
            Some(key) if status.success() => Ok(key.to_owned()),
            Some(_) => Err(CrashError::Ended(self.log())),
            None => Err(CrashError::Call("a new key has no secret".to_owned())),
        }
    }

    fn pick(&mut self) -> Kill {
        learn(
            self.points,
            &std::fs::read_to_string(&self.seen).unwrap_or_default(),
        );
        match self.plan.failpoint_binary {
            Some(_) => Kill::pick(&mut self.chance, self.points),
            None => Kill::pick(&mut self.chance, &mut []),
        }
    }

    /// Starts the server, lets the crowd in, and kills it. Says when that was.
    fn live_until(
        &mut self,
        kill: &Kill,
        crowd: &Crowd,
        report: &mut CrashReport,
    ) -> Result<String, CrashError> {
        let mut server = self.spawn(Some(kill))?;
        if let Kill::Starting(time) = kill {
            std::thread::sleep(*time);
            server.kill()?;
            return Ok(format!("killed {kill}"));
        }
        let url = server.url().map_err(|error| self.stuck(error))?;
        crowd.tell(url.clone());
        let told = match kill {
            Kill::Starting(_) => format!("killed {kill}"),
            Kill::Running(time) => {
                if url.is_none() || server.ended_within(*time)?.is_some() {
                    return Err(CrashError::Ended(self.log()));
                }
                format!("killed {kill}")
            }
            Kill::At { point, .. } if server.ended_within(POINT_DEADLINE)?.is_some() => {
                *report.struck.entry(point.clone()).or_default() += 1;
                format!("died {kill}")
            }
            Kill::At { point, .. } => {
                note_missed(self.points, point);
                report.missed += 1;
                format!("killed, for it did not pass {kill}")
            }
        };
        server.kill()?;
        crowd.tell(None);
        Ok(told)
    }

    /// One more start, no more kills: all comes to rest, is asked by HTTP, and the server stops by SIGTERM.
    fn rest(
        &mut self,
        crowd: Crowd,
        violations: &mut Vec<String>,
        report: &mut CrashReport,
        say: &mut dyn FnMut(String),
    ) -> Result<(), CrashError> {
        let mut server = self.spawn(None)?;
        let url = self.url(&mut server)?;
        crowd.tell(Some(url.clone()));
        let book = crowd.close();
        let admin = self.admin()?;
        let since = Instant::now();
        while let Some(left) = check::still_open(&admin, &url)? {
            if since.elapsed() > REST_DEADLINE {
                violations.push(format!("nothing comes to rest: {left}"));
                break;
            }
            std::thread::sleep(LOOK);
        }
        violations.extend(check::by_http(&admin, &url, &book, &mut report.ended)?);
        let status = server.terminate()?;
        if !status.success() {
            violations.push(format!("after SIGTERM the server ended with {status}"));
        }
        violations.extend(check::books(&self.start.data, &book)?);
        self.tell(&book, since, report, say);
        Ok(())
    }

    fn tell(&self, book: &Book, since: Instant, report: &mut CrashReport, say: &mut dyn FnMut(String)) {
        report.add(book);
        let answers: Vec<String> = book
            .answers
            .iter()
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        say(format!(
            "at rest after {:.1} s; answers: {}; {} unanswered",
            since.elapsed().as_secs_f64(),
            answers.join(", "),
            book.unanswered
        ));
    }

    fn spawn(&self, kill: Option<&Kill>) -> Result<Server, CrashError> {
        let point = kill.and_then(Kill::environment);
        let mut environment = Vec::from_iter(point);
        environment.push(("ORDERMILL_FAILPOINTS_SEEN", self.seen.display().to_string()));
        // Random moments are the real binary's, but for as long as no point is known.
        let binary = match &self.plan.failpoint_binary {
            Some(binary) if environment.len() > 1 || self.points.is_empty() => binary,
            Some(_) | None => &self.plan.binary,
        };
        self.start.spawn(binary, &environment)
    }

    fn url(&self, server: &mut Server) -> Result<String, CrashError> {
        let url = server.url().map_err(|error| self.stuck(error))?;
        url.ok_or_else(|| CrashError::Ended(self.log()))
    }

    fn stuck(&self, error: CrashError) -> CrashError {
        match error {
            CrashError::NotListening => CrashError::Stuck(self.log()),
            other => other,
        }
    }

    fn log(&self) -> PathBuf {
        self.start.log.clone()
    }

    fn admin(&self) -> Result<Http, CrashError> {
        let path = self.start.data.join("admin.key");
        let key = std::fs::read_to_string(path).map_err(CrashError::Directory)?;
        Ok(Http::new(key.trim()))
    }
}

fn expect(answer: Result<Answer, NoAnswer>, status: u16) -> Result<Answer, CrashError> {
    match answer {
        Ok(answer) if answer.status == status => Ok(answer),
        Ok(answer) => Err(CrashError::Call(format!(
            "{} and not {status}: {}",
            answer.status, answer.body
        ))),
        Err(NoAnswer) => Err(CrashError::Call("the server does not answer".to_owned())),
    }
}
