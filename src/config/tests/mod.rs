//! What a configuration may say: the shipped example, mistakes by the dozen, and texts of no sense.

mod any_text;
mod example;
mod matrix;
mod mistakes;

use super::{Mistake, parse};

const EXAMPLE: &str = include_str!("../../../config.example.toml");
const BUILT: &[&str] = &["console"];
const BUILT_WITH_SIM: &[&str] = &["console", "sim"];

fn mistakes(text: &str) -> Vec<String> {
    let told = parse(text, BUILT_WITH_SIM).err().unwrap_or_default();
    told.iter().map(Mistake::to_string).collect()
}
