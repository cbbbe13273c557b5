//! README.ko.md tells as much as README.md: Korean storefronts are who this is for.

use std::collections::BTreeMap;

use crate::repository;

/// What a document holds besides its words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outline {
    /// How deep each heading is.
    headings: Vec<usize>,
    /// Code blocks, without the comments of a shell.
    blocks: Vec<String>,
    /// By row, the code in each cell of a table.
    rows: Vec<Vec<Vec<String>>>,
    /// Lists, by how many items follow one another.
    items: usize,
    /// How often each word stands as code.
    codes: BTreeMap<String, usize>,
    /// Where links lead to, in order.
    links: Vec<String>,
}

fn outline(path: &str) -> Outline {
    let mut outline = Outline::default();
    let mut prose = String::new();
    let text = repository::read(path);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let told: Vec<&str> =
                block.map(|line| if language == "sh" { without_comment(line) } else { line }).collect();
            outline.blocks.push(format!("{language}\n{}", told.join("\n")));
            continue;
        }
        if line.starts_with('#') {
            outline.headings.push(line.chars().take_while(|c| *c == '#').count());
        }
        if line.starts_with('|') {
            outline.rows.push(line.trim_matches('|').split(" | ").map(codes).collect());
        }
        outline.items += usize::from(line.starts_with("- "));
        prose.push_str(line);
        prose.push('\n');
    }
    for code in codes(&prose) {
        *outline.codes.entry(code).or_default() += 1;
    }
    let targets = prose.split("](").skip(1).filter_map(|after| after.split_once(')'));
    // Each leads to the other.
    outline.links = targets.map(|(to, _)| to.replace("README.ko.md", "README.md")).collect();
    outline
}

/// A line of a shell, up to where its comment begins.
fn without_comment(line: &str) -> &str {
    if line.starts_with('#') { "" } else { line.split(" #").next().unwrap_or_default().trim_end() }
}

/// What stands between backticks; a line break within is a blank.
fn codes(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(|code| code.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_korean_readme_has_every_heading_command_table_and_word_of_code() {
    let (english, korean) = (outline("README.md"), outline("README.ko.md"));
    assert!(english.blocks.len() > 5 && english.rows.len() > 30 && english.codes.len() > 100, "README.md was not read");
    assert_eq!(korean.headings, english.headings);
    assert_eq!(korean.blocks, english.blocks);
    assert_eq!(korean.rows, english.rows);
    assert_eq!(korean.items, english.items, "items of lists");
    assert_eq!(korean.codes, english.codes);
    assert_eq!(korean.links, english.links);
}

#[test]
fn the_korean_readme_is_in_korean() {
    let text = repository::read("README.ko.md");
    let hangul = text.chars().filter(|c| ('가'..='힣').contains(c)).count();
    // A syllable says as much as two or three letters.
    assert!(hangul * 5 > repository::read("README.md").chars().count(), "{hangul} syllables");
}
