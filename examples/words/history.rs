//! What training reports.

use crate::recipe::Report;

#[derive(Default)]
pub(crate) struct History {
    /// Of each batch.
    pub(crate) reports: Vec<Report>,
    /// After a number of batches, the mean loss of the words that are held out, with the average of the parameters.
    pub(crate) held_out: Vec<(usize, f64)>,
}

/// Evaluations from one line of the table to the next.
const PERIOD: usize = 4;

impl History {
    /// The mean training loss of the last `count` of the first `end` batches.
    pub(crate) fn training_loss(&self, end: usize, count: usize) -> f64 {
        self.reports[end - count..end].iter().map(|report| report.loss).sum::<f64>() / count as f64
    }

    /// Prints a line for every few evaluations.
    pub(crate) fn print(&self) {
        println!("batches  learning rate  loss scale  training loss  held-out loss");
        let mut start = 0;
        for &(end, held_out) in self.held_out.iter().skip(PERIOD - 1).step_by(PERIOD) {
            let Report { lr, loss_scale, .. } = self.reports[end - 1];
            let loss = self.training_loss(end, end - start);
            println!("{end:>7}  {lr:>13.6}  {loss_scale:>10}  {loss:>13.4}  {held_out:>13.4}");
            start = end;
        }
    }
}
