//! Ids stay in their place in a path; any path can be another.

use std::future::IntoFuture;

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::agent_core::BoxFuture;
use mentiora_sdk::ops::OPS;
use mentiora_sdk::{
    Error, ErrorClass, ErrorExt, MentioraClient, PaginationOptions, UpdateKnowledgeParams,
};

use crate::rig::{BASE, OPERATIONS, config, http};

type ById = fn(&MentioraClient, &str) -> BoxFuture<'static, Result<(), Error>>;

fn unit<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let future = call.into_future();
    Box::pin(async move { future.await.map(drop) })
}

const BY_ID: &[(&str, ById)] = &[
    ("/p/api/v1/files/{}", |c, id| unit(c.files().get(id))),
    ("/p/api/v1/files/{}", |c, id| unit(c.files().delete(id))),
    ("/p/api/v1/files/{}/content", |c, id| {
        unit(c.files().download(id))
    }),
    ("/p/api/v1/files/{}/content", |c, id| {
        unit(c.files().download_stream(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().get(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().delete(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().update(UpdateKnowledgeParams::new(id, "n")))
    }),
    ("/p/api/v1/knowledge/{}/documents", |c, id| {
        unit(c.knowledge().list_documents(id, PaginationOptions::new()))
    }),
    ("/p/api/v1/knowledge/k/documents/{}", |c, id| {
        unit(c.knowledge().get_document("k", id))
    }),
    ("/p/api/v1/knowledge/{}/documents/d", |c, id| {
        unit(c.knowledge().delete_document(id, "d"))
    }),
];

#[tokio::test(start_paused = true)]
async fn an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(404));
    let client = MentioraClient::new(config(&transport).base_url(format!("{BASE}/p/"))).unwrap();
    for (template, call) in BY_ID {
        for (id, encoded) in [
            ("a/b", "a%2Fb"),
            ("../agents", "..%2Fagents"),
            ("a?b#c", "a%3Fb%23c"),
            ("%2e%2e", "%252e%252e"),
            ("a b+c", "a%20b%2Bc"),
            ("...", "..."),
            ("é\n", "%C3%A9%0A"),
            ("{file_id}", "%7Bfile_id%7D"),
        ] {
            let before = transport.requests().len();
            call(&client, id).await.unwrap_err();
            let request = &transport.requests()[before];
            assert_eq!(request.uri.path(), template.replace("{}", encoded), "{id}");
            assert_eq!(request.uri.query(), None);
        }
        for id in ["", ".", ".."] {
            let before = transport.requests().len();
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.class(), ErrorClass::Validation, "{template} {id:?}");
            assert_eq!(transport.requests().len(), before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_path_can_be_overridden() {
    for op in OPS {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::status(400));
        let http = http(&transport).path(op.name, "/elsewhere");
        let client = MentioraClient::new(config(&transport).http(http)).unwrap();
        let row = OPERATIONS.iter().find(|row| row.name == op.name).unwrap();
        (row.call)(&client).await.unwrap_err();
        assert_eq!(
            transport.requests()[0].uri.path(),
            "/elsewhere",
            "{}",
            op.name
        );
    }
}
