//! What a process takes, from time to time, as Linux tells it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// What is taken at one moment.
pub struct Sample {
    pub seconds: f64,
    /// Memory that is resident, in KiB.
    pub rss: f64,
    /// The most that ever was, in KiB.
    pub peak: f64,
    /// That part of it that no file stands behind, in KiB.
    pub own: f64,
    pub fds: f64,
    pub threads: f64,
    /// What the store takes on disk, in KiB.
    pub store: f64,
    /// Processor time so far, in seconds.
    pub cpu: f64,
    pub posts: f64,
    pub told: f64,
}

const HEAD: &str = "seconds,rss_kib,own_kib,fds,threads,store_kib,cpu_seconds,posts,told\n";

#[derive(Default)]
pub struct Samples(Vec<Sample>);

impl Sample {
    /// What the process `id` takes, whose store is `store`.
    pub fn of(id: u32, store: &Path, since: Duration, posts: usize, told: usize) -> Self {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap()
        };
        Self {
            seconds: since.as_secs_f64(),
            rss: field("VmRSS:"),
            peak: field("VmHWM:"),
            own: field("RssAnon:"),
            fds: fs::read_dir(format!("/proc/{id}/fd")).unwrap().count() as f64,
            threads: field("Threads:"),
            store: taken(store) as f64 / 1024.0,
            cpu: cpu(id),
            posts: posts as f64,
            told: told as f64,
        }
    }

    fn row(&self) -> String {
        let Self { seconds, rss, own, fds, threads, store, cpu, posts, told, .. } = self;
        format!("{seconds:.1},{rss},{own},{fds},{threads},{store:.0},{cpu:.2},{posts},{told}\n")
    }
}

impl Samples {
    /// Keeps `sample`, also as a row of `csv`.
    pub fn add(&mut self, sample: Sample, csv: Option<&Path>) {
        if let Some(csv) = csv {
            if self.0.is_empty() {
                fs::write(csv, HEAD).unwrap();
            }
            let mut file = fs::OpenOptions::new().append(true).open(csv).unwrap();
            file.write_all(sample.row().as_bytes()).unwrap();
        }
        self.0.push(sample);
    }

    pub fn all(&self) -> &[Sample] {
        &self.0
    }

    /// When the last one was taken.
    pub fn last(&self) -> Duration {
        Duration::from_secs_f64(self.0.last().map_or(0.0, |sample| sample.seconds))
    }

    /// The samples of the first, the second and the last third of the time.
    pub fn thirds(&self) -> [&[Sample]; 3] {
        let third = self.0.len() / 3;
        [&self.0[..third], &self.0[third..2 * third], &self.0[2 * third..]]
    }

    /// The medians of each third, and how much processor time it took.
    pub fn summary(&self) -> String {
        let row = |(name, third): (&str, &[Sample])| {
            let of = |what: fn(&Sample) -> f64| median(third, what);
            let most = third.iter().map(|sample| sample.fds).fold(0.0, f64::max);
            format!(
                "{name} third: {:.1} MiB resident ({:.1} of its own), {} file descriptors (at most {most}), {} threads, store \
                 {:.1} MiB\n",
                of(|s| s.rss) / 1024.0,
                of(|s| s.own) / 1024.0,
                of(|s| s.fds),
                of(|s| s.threads),
                of(|s| s.store) / 1024.0,
            )
        };
        let rows: String = ["first", "second", "last"].into_iter().zip(self.thirds()).map(row).collect();
        let cpu = self.0.last().map_or(0.0, |last| last.cpu / last.seconds * 100.0);
        format!("{rows}{cpu:.1} % of a processor since the last start")
    }
}

/// The median of `what` in `samples`; 0 if there are none.
pub fn median(samples: &[Sample], what: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(what).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// What the files below `folder` take on disk, in bytes.
fn taken(folder: &Path) -> u64 {
    // Files come and go while it is walked.
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => taken(&entry.path()),
        Ok(about) => std::os::unix::fs::MetadataExt::blocks(&about) * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

/// Processor time that the process `id` took so far, in seconds.
pub fn cpu(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}
