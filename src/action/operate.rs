//! What can be done to the chosen objects: containers, pods, workloads, nodes. Everything goes through the gate and its confirmation.

use super::{Action, actions};
use crate::{
    keymap::Scope,
    modals::{forwards::Forwards, operate, window},
};

pub static ACTIONS: &[Action] = actions! { Scope::List;
    "operate" "do …" "Lists what can be done to the marked or selected objects, with its effect, and why something is refused." 7 => |app| operate::open(app),
    "operate-start" "start" "Starts containers." 0 => |app| operate::start(app, "start"),
    "operate-stop" "stop" "Stops containers: SIGTERM, and SIGKILL after a grace." 0 => |app| operate::start(app, "stop"),
    "operate-restart" "restart" "Restarts containers, rolls a workload's pods over, or restarts a member of a PostgreSQL cluster." 0 => |app| operate::start(app, "restart"),
    "operate-pause" "pause" "Freezes containers, halts a Deployment's rollouts, or switches the failover of a PostgreSQL cluster off." 0 => |app| operate::start(app, "pause"),
    "operate-unpause" "unpause" "Lets frozen containers go on." 0 => |app| operate::start(app, "unpause"),
    "operate-resume" "resume" "Lets a Deployment's rollouts go on, or switches the failover of a PostgreSQL cluster on again." 0 => |app| operate::start(app, "resume"),
    "operate-kill" "kill" "Sends a signal to the first process of containers." 0 => |app| operate::start(app, "kill"),
    "operate-remove" "remove" "Removes containers, images, volumes or networks." 0 => |app| operate::start(app, "remove"),
    "operate-rename" "rename" "Gives a container another name." 0 => |app| operate::start(app, "rename"),
    "operate-limits" "update limits" "Sets the CPU and memory limits of containers." 0 => |app| operate::start(app, "limits"),
    "operate-exec" "exec" "Runs a shell, or a program, in a container on this terminal; ctrl-] ends it." 6 => |app| operate::start(app, "exec"),
    "operate-attach" "attach" "Joins this terminal to a container's first process; ctrl-] ends it." 0 => |app| operate::start(app, "attach"),
    "operate-copy-out" "copy files out" "Copies files from a container to here." 0 => |app| operate::start(app, "copy-out"),
    "operate-copy-in" "copy files in" "Copies files from here into a container." 0 => |app| operate::start(app, "copy-in"),
    "operate-pull" "pull image" "Fetches an image from its registry." 0 => |app| operate::start(app, "pull"),
    "operate-prune" "prune" "Removes what an engine does not use; what would go is listed before." 0 => |app| operate::start(app, "prune"),
    "operate-delete" "delete" "Deletes objects of a cluster." 0 => |app| operate::start(app, "delete"),
    "operate-evict" "evict" "Evicts pods, as their PodDisruptionBudgets allow." 0 => |app| operate::start(app, "evict"),
    "operate-scale" "scale" "Sets the number of a workload's pods." 0 => |app| operate::start(app, "scale"),
    "operate-set-image" "set image" "Sets the image of a workload's container." 0 => |app| operate::start(app, "set-image"),
    "operate-cordon" "cordon" "Keeps new pods off nodes." 0 => |app| operate::start(app, "cordon"),
    "operate-uncordon" "uncordon" "Lets new pods onto nodes again." 0 => |app| operate::start(app, "uncordon"),
    "operate-drain" "drain" "Evicts every pod of a node; which, is listed before." 0 => |app| operate::start(app, "drain"),
    "operate-port-forward" "forward a port" "Leads a port of this host to one of a pod, in the background." 0 => |app| operate::start(app, "port-forward"),
    "operate-edit" "edit" "Opens an object of a cluster in $EDITOR, whose differences are shown and confirmed before they are applied; or the file of a violation, at its line." 0 => |app| operate::start(app, "edit"),
    "operate-trigger" "run CronJob now" "Makes a Job of a CronJob now." 0 => |app| operate::start(app, "trigger"),
    "operate-suspend" "suspend CronJob" "Keeps a CronJob from running." 0 => |app| operate::start(app, "suspend"),
    "operate-unsuspend" "resume CronJob" "Lets a CronJob run again." 0 => |app| operate::start(app, "unsuspend"),
    "operate-reveal" "reveal secret" "Shows the values of a Secret on this screen only." 0 => |app| operate::start(app, "reveal"),
    "operate-waive" "waive" "Accepts violations until a day: asks who answers for it and why, and shows what is written into .flightdeck.toml." 7 => |app| operate::start(app, "waive"),
    "operate-attest" "attest" "Vouches for what no machine can check, with evidence and an end: shows what is written into .flightdeck.toml." 0 => |app| operate::start(app, "attest"),
    "operate-accept" "accept as old debt" "Adds violations to the repository's baseline: shows what is written." 0 => |app| operate::start(app, "accept"),
    "operate-silence" "silence" "Silences an alert and whatever fits its matchers, or changes a silence; which alerts that are is shown before." 0 => |app| operate::start(app, "silence"),
    "operate-expire" "end silence" "Ends silences: alerts that they fit are told again." 0 => |app| operate::start(app, "expire"),
    "operate-switchover" "switch over" "Moves the leader of a PostgreSQL cluster to a replica, as far behind as is allowed at most; who, and how far behind it is, is shown before." 0 => |app| operate::start(app, "switchover"),
    "operate-failover" "fail over" "Makes a replica the leader of a PostgreSQL cluster that lost its own; what would be lost is shown before." 0 => |app| operate::start(app, "failover"),
    "operate-reinitialize" "reinitialize" "Deletes the data of a member of a PostgreSQL cluster, and copies them anew from its leader." 0 => |app| operate::start(app, "reinitialize"),
    "operate-promote" "promote" "Promotes a PostgreSQL standby that is not under Patroni; asks how the old primary is fenced." 0 => |app| operate::start(app, "promote"),
    "port-forwards" "forwarded ports" "Lists the ports that are forwarded, and stops them." 0 => |app| window::open(app, Box::<Forwards>::default()),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::offer;
    use std::collections::BTreeSet;

    #[test]
    fn every_offer_has_its_action() {
        // Several kinds of object may offer what is called the same.
        let actions: BTreeSet<_> = ACTIONS.iter().filter_map(|action| action.name.strip_prefix("operate-")).collect();
        let offers: BTreeSet<_> = offer::all().map(|offer| offer.word).collect();
        assert_eq!(actions, offers);
    }
}
