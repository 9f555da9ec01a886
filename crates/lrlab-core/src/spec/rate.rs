//! The learning rate of a strategy: read, and changed.

use crate::{
    Field, Horizon, SpecError, Strategy,
    optimizer::registry as optimizers,
    registry::Argument,
    spec::{Fault, OptimizerSpec, Problem},
};

impl OptimizerSpec {
    /// The learning rate that is given, or else the optimizer's default.
    pub fn lr(&self) -> f64 {
        if let Some(Argument::Number(lr)) = self.args.get(Field::Lr.name()) {
            return *lr;
        }
        let entry = optimizers::find(self.name);
        let lr = entry.and_then(|entry| entry.params.iter().find(|param| param.name == Field::Lr.name()));
        lr.and_then(|param| param.default?.parse().ok()).unwrap_or(f64::NAN)
    }

    /// The same optimizer with another learning rate.
    #[must_use]
    pub fn with_lr(mut self, lr: f64) -> Self {
        self.args.insert(Field::Lr.name().to_owned(), Argument::Number(lr));
        self
    }
}

impl Strategy {
    /// The learning rate of the first group, which stands for the strategy's.
    pub fn lr(&self) -> f64 {
        self.groups.first().map_or(f64::NAN, |group| group.optimizer.lr())
    }

    /// The same strategy with another learning rate of its first group; the others keep their ratio
    /// to it. What a schedule says as an absolute rate stays as it is.
    ///
    /// ```
    /// let strategy: lrlab_core::Strategy = "sgd lr=0.1 momentum=0.9 | cosine to 0".parse()?;
    /// assert_eq!(strategy.with_lr(0.3).to_string(), "sgd lr=0.3 momentum=0.9 | cosine to 0");
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    #[must_use]
    pub fn with_lr(&self, lr: f64) -> Self {
        let (before, mut changed) = (self.lr(), self.clone());
        for (index, group) in changed.groups.iter_mut().enumerate() {
            let own = group.optimizer.lr();
            let rate = if index == 0 || own == before { lr } else { own / before * lr };
            group.optimizer = group.optimizer.clone().with_lr(rate);
        }
        changed
    }

    /// The same strategy with the rate of one group multiplied by `factor`.
    #[must_use]
    pub fn with_group_factor(&self, group: usize, factor: f64) -> Self {
        let mut changed = self.clone();
        if let Some(group) = changed.groups.get_mut(group) {
            let lr = group.optimizer.lr() * factor;
            group.optimizer = group.optimizer.clone().with_lr(lr);
        }
        changed
    }

    /// Makes sure that the strategy's learning rate is what moves its rates, so that it can be tuned.
    ///
    /// # Errors
    /// A strategy that cannot be built, a rate of 0, and a schedule that says absolute rates alone
    /// (`torch OneCycleLR(max_lr=..)` for instance), which no learning rate changes.
    pub fn check_tunable(&self, horizon: Horizon) -> Result<(), SpecError> {
        let refuse = |field: String, got: String, allowed: &str| {
            let fault = Fault::Value { field, got, allowed: allowed.to_owned() };
            SpecError::new(vec![Problem::of("", fault)])
        };
        for group in &self.groups {
            let lr = group.optimizer.lr();
            if !(lr > 0.0 && lr.is_finite()) {
                return Err(refuse("lr".to_owned(), lr.to_string(), "a rate above 0, to be tuned"));
            }
        }
        // A power of two, so that what is a multiple of the rate stays one to the bit.
        let (once, twice) = (self.peaks(self.lr(), horizon)?, self.peaks(2.0 * self.lr(), horizon)?);
        for ((group, once), twice) in self.groups.iter().zip(once).zip(twice) {
            if once == twice {
                return Err(refuse(
                    format!("schedule of group {}", group.params.0),
                    format!("rates up to {once}, whatever lr is"),
                    "a schedule in shares of the group's rate (`to 10%`), so that lr can be tuned",
                ));
            }
        }
        Ok(())
    }

    /// The highest rate of each group with learning rate `lr`.
    fn peaks(&self, lr: f64, horizon: Horizon) -> Result<Vec<f64>, SpecError> {
        let highest = |rates: &Vec<f64>| rates.iter().copied().fold(0.0, f64::max);
        Ok(self.with_lr(lr).rates(horizon)?.iter().map(highest).collect())
    }

    /// The rate of every step of a training of `horizon`, for each group, as long as the plan has one and
    /// no metric interferes.
    ///
    /// # Errors
    /// A strategy that cannot be built.
    pub fn rates(&self, horizon: Horizon) -> Result<Vec<Vec<f64>>, SpecError> {
        let mut built = self.build(horizon)?;
        let mut groups: Vec<_> = built.groups.iter().map(|built| built.group.clone()).collect();
        let mut rates = vec![Vec::new(); groups.len()];
        // In order, as the state machines among the schedulers want it.
        for t in 0..horizon.total_steps {
            if built.scheduler.before_step(t, &mut groups).is_err() {
                break;
            }
            for (rates, group) in rates.iter_mut().zip(&groups) {
                rates.push(group.lr());
            }
        }
        Ok(rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strategy(text: &str) -> Strategy {
        text.parse().unwrap()
    }

    #[test]
    fn groups_keep_their_ratio() {
        let two = strategy("for *.bias: sgd lr=0.2 | constant; for *: sgd lr=0.1 | constant");
        let rates: Vec<f64> = two.with_lr(0.4).groups.iter().map(|g| g.optimizer.lr()).collect();
        assert_eq!(rates, [0.4, 0.2]);
        let rates: Vec<f64> = two.with_group_factor(1, 3.0).groups.iter().map(|g| g.optimizer.lr()).collect();
        assert_eq!(rates, [0.2, 0.1 * 3.0]);
        assert_eq!(strategy("adam | constant").lr(), 1e-3);
    }

    #[test]
    fn only_a_rate_that_moves_something_can_be_tuned() {
        let horizon = Horizon::new(100, 10);
        let check = |text: &str| strategy(text).check_tunable(horizon).map_err(|e| e.to_string());
        assert_eq!(check("sgd lr=0.1 | warmup 5% then cosine to lr 1e-5"), Ok(()));
        let fixed = check("sgd lr=0.1 | torch OneCycleLR(max_lr=0.1, total_steps=100)").unwrap_err();
        assert!(fixed.contains("whatever lr is"), "{fixed}");
        let zero = check("sgd lr=0 | constant").unwrap_err();
        assert!(zero.contains("a rate above 0"), "{zero}");
    }
}
