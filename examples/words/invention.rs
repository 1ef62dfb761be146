//! New words, drawn from the network symbol by symbol.

use crate::data::{BOUNDARY, CONTEXT, Words, push, text};
use crate::model::{Network, softmax};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

const COUNT: usize = 60;
const COLUMNS: usize = 5;

/// Below 1, probable symbols become more probable still.
const TEMPERATURE: f32 = 0.8;

/// A longer word is cut off.
const LONGEST: usize = 16;

/// Prints new words, and marks those that are in the list after all.
pub(crate) fn print(network: &Network, words: &Words) {
    let mut rng = Pcg64Mcg::seed_from_u64(4);
    println!("invented words; * is in the list, ** is in the part of it that training did not see");
    for _ in 0..COUNT / COLUMNS {
        let row: Vec<String> =
            (0..COLUMNS).map(|_| format!("{:18}", marked(&invent(network, &mut rng), words))).collect();
        println!("  {}", row.concat().trim_end());
    }
}

fn marked(word: &[u8], words: &Words) -> String {
    let is_in = |part: &[Vec<u8>]| part.iter().any(|other| other == word);
    let mark = if is_in(&words.held_out) {
        " **"
    } else if is_in(&words.train) {
        " *"
    } else {
        ""
    };
    format!("{}{mark}", text(word))
}

fn invent(network: &Network, rng: &mut impl Rng) -> Vec<u8> {
    let mut context = [BOUNDARY; CONTEXT];
    let mut word = Vec::new();
    loop {
        let logits = network.forward(&context).logits.map(|logit| logit / TEMPERATURE);
        let symbol = draw(&softmax(&logits, 0).0, rng);
        if symbol == BOUNDARY || word.len() == LONGEST {
            return word;
        }
        word.push(symbol);
        push(&mut context, symbol);
    }
}

fn draw(probabilities: &[f32], rng: &mut impl Rng) -> u8 {
    let mut left = (rng.next_u32() >> 8) as f32 / 16_777_216.0;
    let mut symbol = 0;
    while usize::from(symbol) + 1 < probabilities.len() && left >= probabilities[usize::from(symbol)] {
        left -= probabilities[usize::from(symbol)];
        symbol += 1;
    }
    symbol
}
