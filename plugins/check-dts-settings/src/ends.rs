//! The two ends: where they are, and what the way to each needs.

use crate::Inputs;

/// Kinds of which there are no Alibaba Cloud instances.
const SELF_MANAGED: [&str; 3] = ["oracle", "db2-as400", "db2-luw"];

/// What is said of one end.
struct End<'a> {
    side: &'static str,
    kind: &'a str,
    access: &'a str,
    has_ip: bool,
    has_port: bool,
    has_cen: bool,
}

pub(crate) fn broken(inputs: &Inputs) -> Vec<String> {
    let (source, destination) = (&inputs.source, &inputs.destination);
    let mut broken: Vec<String> = [
        End {
            side: "source",
            kind: &source.kind,
            access: &source.access,
            has_ip: source.ip.is_some(),
            has_port: source.port.is_some(),
            has_cen: source.cen.is_some(),
        },
        End {
            side: "destination",
            kind: &destination.kind,
            access: &destination.access,
            has_ip: destination.ip.is_some(),
            has_port: destination.port.is_some(),
            has_cen: destination.cen.is_some(),
        },
    ]
    .iter()
    .flat_map(End::broken)
    .collect();
    // Several databases may stand behind one server, VPC or gateway.
    let is_same = source.instance == destination.instance
        && source.access == "cloud-instance"
        && destination.access == "cloud-instance";
    if is_same {
        broken.push(format!(
            "`{}` is both source and destination",
            source.instance
        ));
    }
    broken
}

impl End<'_> {
    fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let (side, access) = (self.side, self.access);
        if access == "cloud-instance" && SELF_MANAGED.contains(&self.kind) {
            broken.push(format!(
                "the {side} is an Alibaba Cloud instance, and of {} there are none",
                self.kind
            ));
        }
        let (needed, wanted) = match access {
            "cloud-instance" => ((false, false), "neither an ip nor a port"),
            "ecs" => ((false, true), "a port and no ip"),
            _ => ((true, true), "an ip and a port"),
        };
        if needed != (self.has_ip, self.has_port) {
            broken.push(format!(
                "the {side} is reached by {access}, which takes {wanted}"
            ));
        }
        if (access == "cen") != self.has_cen {
            broken.push(format!(
                "the {side}'s `cen` goes with the access `cen`, and with no other"
            ));
        }
        broken
    }
}
