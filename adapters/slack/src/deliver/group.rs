//! The user group that follows the schedule.

use serde_json::{Value, json};
use underrose_chat::{DeliverError, Receipt, UserId};

use super::{error, reject};
use crate::api::Failure;
use crate::workspace::Workspace;

impl Workspace {
    pub(super) async fn set_group(
        &self,
        group: &str,
        who: &[UserId],
    ) -> Result<Receipt, DeliverError> {
        if who.is_empty() {
            let reason = "slack has no empty user groups: name somebody to be on call".to_owned();
            return Err(DeliverError::Reject { reason });
        }
        let id = self.group(group).await.map_err(|failure| error(&failure))?;
        let Some(id) = id else {
            let reason = reject::reason("no_such_subteam");
            return Err(DeliverError::Reject { reason });
        };
        let mut people: Vec<&str> = who.iter().map(|user| user.id.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        let body = json!({"usergroup": id, "users": people.join(",")});
        match self.api.post("usergroups.users.update", &body).await {
            Ok(_) => Ok(Receipt::Done),
            Err(failure) => {
                // What is known of groups may be old.
                self.groups().clear();
                Err(error(&failure))
            }
        }
    }

    /// The id of a group that the configuration names by its handle or its id.
    pub(crate) async fn group(&self, group: &str) -> Result<Option<String>, Failure> {
        let wanted = group.trim_start_matches('@');
        if let Some(id) = self.groups().get(wanted) {
            return Ok(Some(id.clone()));
        }
        // Without those that were disabled: they call nobody.
        let answer = self.api.get("usergroups.list", &[]).await?;
        let groups = answer.get("usergroups").and_then(Value::as_array);
        for found in groups.into_iter().flatten() {
            let at = |name| found.get(name).and_then(Value::as_str).unwrap_or_default();
            for name in [at("handle"), at("id")] {
                self.groups().insert(name.to_owned(), at("id").to_owned());
            }
        }
        Ok(self.groups().get(wanted).cloned())
    }
}
