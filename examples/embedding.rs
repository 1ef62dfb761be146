//! Rows of an embedding that had no gradient in this step stay as they are: a list of ranges instead of the whole table.
//!
//! A step over the whole table would decay the moments of all rows and move them. A row here catches up on nothing: it meets
//! the corrections of the step in which its gradient comes, as in `torch.optim.SparseAdam`.
//!
//! `cargo run --example embedding`

use gradstep::{Adam, Error, Optimizer, Tensor};

const WIDTH: usize = 16;
const ROWS: usize = 1000;

/// The given rows of all slices, in ascending order, each once.
fn rows<'a>(mut table: Tensor<'a, 2>, touched: &[usize]) -> Vec<Tensor<'a, 2>> {
    let mut next = 0;
    let mut rows = Vec::with_capacity(touched.len());
    for &row in touched {
        table.take((row - next) * WIDTH);
        rows.push(table.take(WIDTH));
        next = row + 1;
    }
    rows
}

fn main() -> Result<(), Error> {
    let adam = Adam { lr: 0.01, ..Adam::DEFAULT };
    let mut clock = 0;
    let (mut params, mut grads) = (vec![1.0_f32; ROWS * WIDTH], vec![0.0_f32; ROWS * WIDTH]);
    let mut moments = [vec![0.0_f32; ROWS * WIDTH], vec![0.0_f32; ROWS * WIDTH]];
    for words in [[3, 7, 900], [7, 8, 9]] {
        for &word in &words {
            grads.iter_mut().skip(word * WIDTH).take(WIDTH).for_each(|g| *g = 0.5);
        }
        let table = Tensor::new(&mut params, &grads, &mut moments);
        adam.tick(&mut clock)?.apply_all(&mut rows(table, &words))?;
        grads.fill(0.0);
    }
    let moved: Vec<usize> =
        params.chunks(WIDTH).enumerate().filter(|(_, row)| row.iter().any(|p| *p != 1.0)).map(|(i, _)| i).collect();
    println!("rows that moved: {moved:?}");
    assert_eq!(moved, [3, 7, 8, 9, 900]);
    Ok(())
}
