//! A count of what goes wrong again and again, told the first time and at each doubling: a flood of it is no flood of the log.

#[derive(Default)]
pub struct Tally(u64);

impl Tally {
    /// How often it was so far, if that is to be told.
    pub fn one_more(&mut self) -> Option<u64> {
        self.0 = self.0.saturating_add(1);
        self.0.is_power_of_two().then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_a_few_times() {
        let mut tally = Tally::default();
        let told: Vec<_> = (0..1000).filter_map(|_| tally.one_more()).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    }
}
