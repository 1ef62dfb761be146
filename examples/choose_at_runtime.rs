//! An optimizer that the command line chooses: by name, with fields by name.
//!
//! `cargo run --example choose_at_runtime -- lion lr=0.01 weight_decay=0.1`
#![allow(clippy::indexing_slicing, reason = "an example may panic where it is wrong")]

use gradstep::any::AnyOptimizer;
use gradstep::optim::{Kind, Value};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut optimizer = AnyOptimizer::from_name(&arguments.next().unwrap_or("adamw".into()))?;
    for argument in arguments {
        let (field, value) = argument.split_once('=').ok_or("fields are given as name=value")?;
        // A flag is `true` or `false`, everything else is a number.
        let value = value.parse().map(Value::Flag).or_else(|_| value.parse().map(Value::Number))?;
        optimizer.set(field, value)?;
    }
    println!("{}", optimizer.name());
    for field in optimizer.fields() {
        let range = if let Kind::Number(range) = field.kind { range.to_string() } else { String::new() };
        println!("  {:24} {:?}  {range}", field.name, field.value);
    }

    let mut params = vec![1.0; 1000];
    let mut state = vec![vec![0.0; params.len()]; optimizer.slots().count()];
    optimizer.init(&params, &mut state)?;
    let mut clock = optimizer.clock();
    for _ in 0..100 {
        // The gradient of p²/2.
        let grads = params.clone();
        optimizer.tick(&mut clock)?.apply(&mut params, &grads, &mut state)?;
    }
    println!("p² fell from 1 to {:.3} in {} steps; state:", params[0] * params[0], clock.step);
    for (slot, values) in optimizer.slots().zip(&state) {
        println!("  {:24} {:e}", slot.name, values[0]);
    }
    Ok(())
}
