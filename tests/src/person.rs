//! A person at the way back: reads what the binary prints, looks into the accounts, and answers
//! truthfully with the commands that were printed.

use std::collections::BTreeSet;

use rutter_simcloud::{Change, Difference};

/// A question of the binary's: which step it is about, which of its changes, and which answers it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The step.
    pub step: String,
    /// What else the command names: the item, the change.
    pub more: Vec<String>,
    /// The answers that it offers: `--gone`, `--leave`, …
    pub ways: Vec<String>,
    /// The changes of the step that are in question.
    pub changes: Vec<Asked>,
}

/// A change in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its number.
    pub number: String,
    /// Its action.
    pub action: String,
    /// The object, if its id is known.
    pub id: Option<String>,
}

/// Flags that say what is asked about; all others are answers.
const ABOUT: &[&str] = &["--item", "--change"];
/// Flags that go with an answer.
const BESIDE: &[&str] = &["--why", "--outputs", "--config"];

/// The questions in what was printed: `rutter resolve RUN STEP --gone --why …`. A line may offer several
/// answers, and several lines may be about one step.
pub fn questions(text: &str) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for line in text.lines() {
        let Some((_, rest)) = line.split_once("rutter resolve ") else {
            continue;
        };
        let trimmed = |word: &str| word.trim_matches(['`', ',', '.', ';', '(', ')']).to_owned();
        let words: Vec<String> = rest.split_whitespace().map(trimmed).collect();
        let Some(step) = words.get(1).cloned() else {
            continue;
        };
        let about = |word: &String| ABOUT.contains(&word.as_str());
        let more: Vec<String> = words
            .windows(2)
            .filter(|pair| about(&pair[0]))
            .flat_map(<[String]>::to_vec)
            .collect();
        let is_way = |word: &&String| {
            word.starts_with("--") && !about(word) && !BESIDE.contains(&word.as_str())
        };
        let ways: Vec<String> = words.iter().filter(is_way).cloned().collect();
        match questions
            .iter_mut()
            .find(|known| known.step == step && known.more == more)
        {
            Some(known) => known.ways.extend(ways),
            None => questions.push(Question {
                changes: changes_of(text, &step),
                step,
                more,
                ways,
            }),
        }
    }
    questions
}

/// The changes that the text names in lines about a step: `STEP: ID of RAM:CreateRole (change 3) …`.
fn changes_of(text: &str, step: &str) -> Vec<Asked> {
    let about = format!("{step}: ");
    let lines = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(&about));
    lines.filter_map(asked).collect()
}

fn asked(line: &str) -> Option<Asked> {
    let (object, rest) = line.split_once(" (change ")?;
    let (number, _) = rest.split_once(')')?;
    let id = object.split_once(" of ").map(|(id, _)| id.to_owned());
    let action = actions_in(object).pop()?;
    Some(Asked {
        number: number.to_owned(),
        action,
        id,
    })
}

/// The actions of the cloud's API that a text names, `CreateRole` of `RAM:CreateRole`.
pub fn actions_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '-'));
    let pairs = words.filter_map(|word| word.split_once(':'));
    let known =
        pairs.filter(|(product, action)| rutter_contracts::action(product, action).is_some());
    known.map(|(_, action)| action.to_owned()).collect()
}

impl Question {
    /// The words of the commands that answer truthfully; none where no answer is offered that says so.
    pub fn answers(&self, standing: &[Difference]) -> Vec<Vec<String>> {
        let about = |change: &Asked| {
            let way = self.offered(is_there(change, standing))?;
            Some((change.number.clone(), way.to_owned()))
        };
        let answers: Vec<_> = self.changes.iter().filter_map(about).collect();
        let by_change = self.ways.iter().any(|way| way == "--gone") && self.more.is_empty();
        if by_change {
            let words = |(number, way)| vec!["--change".to_owned(), number, way];
            return answers.into_iter().map(words).collect();
        }
        // One answer for the step: that of its newest change.
        let last = answers.into_iter().next_back();
        let words = |(_, way)| [self.more.clone(), vec![way]].concat();
        last.into_iter().map(words).collect()
    }

    fn offered(&self, is_there: bool) -> Option<&str> {
        let preferred: &[&str] = match is_there {
            true => &["--leave", "--adopt"],
            false => &["--gone", "--retry"],
        };
        let offered = |way: &&&str| self.ways.iter().any(|offered| offered == **way);
        preferred.iter().find(offered).copied()
    }
}

/// Whether anything of the kind stands that did not stand before.
fn is_there(change: &Asked, standing: &[Difference]) -> bool {
    let kinds = kinds_of(&change.action);
    let known = change.id.as_ref();
    let is_known = standing
        .iter()
        .any(|difference| known.is_some_and(|id| *id == difference.id));
    is_known
        || standing
            .iter()
            .any(|difference| kinds.contains(&difference.kind.as_str()))
}

fn kinds_of_all(actions: &[String]) -> BTreeSet<&'static str> {
    let kinds = actions.iter().flat_map(|action| kinds_of(action));
    kinds.copied().collect()
}

/// The kinds of resources that a change may make, alter or remove, as the simulator's summary calls
/// them.
///
/// # Panics
/// When nobody has said so yet for the action.
pub fn kinds_of(action: &str) -> &'static [&'static str] {
    match action {
        "CreateRole"
        | "UpdateRole"
        | "DeleteRole"
        | "AttachPolicyToRole"
        | "DetachPolicyFromRole" => &["ram-role"],
        "CreatePolicy" | "DeletePolicy" | "CreatePolicyVersion" | "DeletePolicyVersion" => {
            &["ram-policy"]
        }
        "CreateSynchronizationJob"
        | "ConfigureSynchronizationJob"
        | "StartSynchronizationJob"
        | "DeleteSynchronizationJob" => &["dts-sync"],
        "ModifySecurityIps"
        | "AllocateDirectConnection"
        | "ReleaseDirectConnection"
        | "CreateAccount"
        | "DeleteAccount" => &["redis-instance"],
        "CreateImage" | "CopyImage" | "DeleteImage" | "CancelCopyImage" | "DeleteSnapshot" => {
            &["ecs-image", "ecs-snapshot"]
        }
        "RunInstances"
        | "CreateInstance"
        | "DeleteInstance"
        | "StopInstance"
        | "StartInstance"
        | "ModifyInstanceAttribute" => &["ecs-instance"],
        "RunCommand" | "InvokeCommand" | "DeleteSourceServer" => &["smc-source-server"],
        "CreateAccessToken" | "DisableAccessToken" | "DeleteAccessToken" => &["smc-access-token"],
        "CreateReplicationJob"
        | "StartReplicationJob"
        | "StopReplicationJob"
        | "DeleteReplicationJob"
        | "CutOverReplicationJob" => &[
            "smc-replication-job",
            "ecs-image",
            "ecs-snapshot",
            "ecs-instance",
        ],
        // Tasks of the newer kind.
        _ if rutter_contracts::action("DTS", action).is_some() => &["dts-job"],
        _ => panic!("nobody has said what kind of resource {action} is about"),
    }
}

/// The differences that a text does not name: neither by the object's id, nor, where the object is not
/// known, by a change of its kind that is said to stand.
pub fn unnamed<'a>(differences: &'a [Difference], text: &str) -> Vec<&'a Difference> {
    let stands = |line: &&str| {
        let said = [" stands", "stays", "left "];
        said.iter().any(|said| line.contains(said))
    };
    let actions: Vec<String> = text.lines().filter(stands).flat_map(actions_in).collect();
    let kinds = kinds_of_all(&actions);
    let named = |difference: &&Difference| {
        text.contains(&difference.id) || kinds.contains(difference.kind.as_str())
    };
    differences.iter().filter(|each| !named(each)).collect()
}

/// A difference in few words.
pub fn in_words(difference: &Difference) -> String {
    let what = match difference.change {
        Change::Created => "new",
        Change::Deleted => "missing",
        Change::Modified => "changed",
    };
    format!(
        "{} {} {} in {}",
        what, difference.kind, difference.id, difference.account_id
    )
}

#[cfg(test)]
mod tests {
    use super::{Asked, Question, questions};

    #[test]
    fn a_question_is_read_with_its_step_its_answers_and_what_it_is_about() {
        let text = "run 1 is not taken back yet\n  made: r of RAM:CreateRole (change 3) in account a stands: no\n\
            help: `rutter resolve 1 made --gone --why …` (it is not there) or `--leave` (it is)\n";
        let about = Asked {
            number: "3".to_owned(),
            action: "CreateRole".to_owned(),
            id: Some("r".to_owned()),
        };
        let expected = Question {
            step: "made".to_owned(),
            more: Vec::new(),
            ways: vec!["--gone".to_owned(), "--leave".to_owned()],
            changes: vec![about],
        };
        assert_eq!(questions(text), std::slice::from_ref(&expected));
        assert_eq!(expected.answers(&[]), [["--change", "3", "--gone"]]);
    }
}
