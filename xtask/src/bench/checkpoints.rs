//! What a checkpoint costs, beside the disk itself.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// A checkpoint may take twice as long as plain bytes.
const SLOWDOWN: Bound = Bound::AtMost(2.0);

/// The lines of `crates/lrlab/benches/checkpoints.rs`.
pub(super) fn figures(checkpoints: &Value) -> Vec<Figure> {
    let own = |name: &str| checkpoints[name].as_f64();
    let slowdown = |disk: &str, ours: &str| own(disk).zip(own(ours)).map(|(disk, ours)| disk / ours);
    vec![
        Figure::new("plain file of 100 MB, written and synced", "MB/s", own("disk_write_mb_per_s")),
        Figure::new(
            "checkpoint of 100 MB, written, plain file over it",
            "x",
            slowdown("disk_write_mb_per_s", "write_mb_per_s"),
        )
        .wanted(Some(SLOWDOWN)),
        Figure::new("plain file of 100 MB, read", "MB/s", own("disk_read_mb_per_s")),
        Figure::new(
            "checkpoint of 100 MB, read, plain file over it",
            "x",
            slowdown("disk_read_mb_per_s", "read_mb_per_s"),
        )
        .wanted(Some(SLOWDOWN)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_the_disks_speed_is_enough_and_less_is_missed() {
        let missed = |write: f64, read: f64| {
            let measured = json!({
                "disk_write_mb_per_s": 900.0, "write_mb_per_s": write,
                "disk_read_mb_per_s": 3000.0, "read_mb_per_s": read,
            });
            figures(&measured).iter().filter(|figure| figure.is_missed()).count()
        };
        assert_eq!((missed(450.0, 1500.0), missed(449.0, 1500.0), missed(449.0, 1499.0)), (0, 1, 2));
        assert_eq!(figures(&json!({})).iter().filter(|figure| figure.is_missed()).count(), 2);
    }
}
