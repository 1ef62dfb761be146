//! The list of words: its symbols, its two parts and the batches of training.

use gradstep::sample;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;

const LIST: &str = include_str!("../data/words.txt");

/// Words that training does not see.
const HELD_OUT: usize = 1000;

/// Symbols: 0 is what is before a word and after it, 1 to 26 are the letters.
pub(crate) const SYMBOLS: usize = 27;
pub(crate) const BOUNDARY: u8 = 0;

/// Symbols that the network sees before it predicts the next one.
pub(crate) const CONTEXT: usize = 8;

/// The words of the list in two parts, each in symbols.
pub(crate) struct Words {
    pub(crate) train: Vec<Vec<u8>>,
    pub(crate) held_out: Vec<Vec<u8>>,
}

impl Words {
    /// Draws at random which words are held out.
    pub(crate) fn split() -> Self {
        let symbols = |word: &str| word.bytes().map(|letter| letter - b'a' + 1).collect();
        let mut train: Vec<Vec<u8>> = LIST.lines().map(symbols).collect();
        sample::shuffle(&mut train, &mut Pcg64Mcg::seed_from_u64(1));
        let held_out = train.split_off(train.len() - HELD_OUT);
        Words { train, held_out }
    }
}

/// The symbols of a word as text.
pub(crate) fn text(word: &[u8]) -> String {
    word.iter().map(|symbol| char::from(b'a' + symbol - 1)).collect()
}

/// How many symbols a network predicts in a word: its letters and the end.
pub(crate) fn predictions(words: &[&[u8]]) -> usize {
    words.iter().map(|word| word.len() + 1).sum()
}

/// Each symbol of a word and its end, with the symbols before it.
pub(crate) fn examples(word: &[u8]) -> impl Iterator<Item = ([u8; CONTEXT], usize)> {
    let mut context = [BOUNDARY; CONTEXT];
    word.iter().chain([&BOUNDARY]).map(move |&next| {
        let seen = context;
        push(&mut context, next);
        (seen, next.into())
    })
}

/// Moves the next symbol into a context.
pub(crate) fn push(context: &mut [u8; CONTEXT], next: u8) {
    context.rotate_left(1);
    context[CONTEXT - 1] = next;
}

/// Batches of equal size in an order that is random in each epoch. The order depends on the number of a batch alone, so
/// that training goes on from that number.
pub(crate) struct Batches<'a> {
    words: &'a [Vec<u8>],
    size: usize,
    order: Vec<usize>,
    epoch: Option<u64>,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(words: &'a [Vec<u8>], size: usize) -> Self {
        Batches { words, size, order: Vec::new(), epoch: None }
    }

    /// The words of a batch. Those that are left over at the end of an epoch are other ones in each.
    pub(crate) fn get(&mut self, number: u64) -> Vec<&'a [u8]> {
        let batches = self.words.len() / self.size;
        let (epoch, place) = (number / batches as u64, number as usize % batches);
        if self.epoch != Some(epoch) {
            self.order = (0..self.words.len()).collect();
            sample::shuffle(&mut self.order, &mut Pcg64Mcg::seed_from_u64(100 + epoch));
            self.epoch = Some(epoch);
        }
        let order = self.order.chunks(self.size).nth(place).unwrap_or_default();
        order.iter().map(|&i| &self.words[i][..]).collect()
    }
}
