//! Files in the vault, and the presigned URLs that lead to them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::vendors::World;

/// How long a presigned URL is said to be good.
const URL_LIFE: Duration = Duration::from_secs(900);

#[derive(Debug, Default)]
pub(crate) struct Files(BTreeMap<String, File>);

#[derive(Debug)]
pub(crate) struct File {
    id: String,
    name: String,
    content_type: &'static str,
    content: Bytes,
    created: Moment,
}

impl Files {
    /// Stores a file and gives its id: a UUID of version 4.
    pub(crate) fn put(
        &mut self,
        name: String,
        content_type: &'static str,
        content: Bytes,
        world: &World,
    ) -> String {
        let id = uuid(&world.ids.digest("vault file"));
        let file = File {
            id: id.clone(),
            name,
            content_type,
            content,
            created: world.clock.now(),
        };
        self.0.insert(id.clone(), file);
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&File> {
        self.0.get(id)
    }
}

impl File {
    /// What the vault answers: a new presigned URL each time.
    pub(crate) fn presigned(&self, world: &World) -> Value {
        let path = format!("workspace-1/{}", self.id);
        let content = self.content.clone();
        let url = world.store.put("vault", &path, self.content_type, content);
        let expires = world.clock.now().saturating_add(URL_LIFE);
        json!({
            "url": url,
            "expiresAt": world.clock.text(expires),
            "metadata": {
                "id": self.id,
                "path": path,
                "workspaceId": "workspace-1",
                "parentId": null,
                "originalFileName": self.name,
                "mimeType": self.content_type,
                "size": self.content.len(),
                "createdAt": world.clock.text(self.created),
            },
        })
    }
}

/// A UUID of version 4 from hexadecimal digits.
fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}
