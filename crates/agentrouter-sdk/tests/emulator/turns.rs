//! What goes to and fro: approvals and further turns.

use agentrouter_sdk::{
    ActionApprovalMode, AgentStreamPart, ConversationId, ErrorExt, RunActionDecisionRequest,
    RunAgentCreateRequest, RunAgentResumeRequest, RunStatus, StreamAgentCreateRequest, claude_code,
    run_agent, stream_agent,
};

use crate::world::{FAST, world};

#[tokio::test]
async fn an_approval_blocks_until_the_digest_that_was_asked_about_is_decided() {
    let world = world().await;
    let client = &world.client;
    for approve in [true, false] {
        let request = StreamAgentCreateRequest::new("t")
            .approval_mode(ActionApprovalMode::Manual)
            .poll_interval(FAST);
        let run = stream_agent(client, request).await.unwrap();
        let (mut parts, mut decisions, mut after) = (run.full_stream(), 0, Vec::new());
        while let Some(part) = parts.next().await {
            match part.unwrap() {
                AgentStreamPart::ApprovalRequest(request) => {
                    assert_eq!(
                        client.get_run(&run.run.id).await.unwrap().status,
                        RunStatus::Running
                    );
                    let decision = RunActionDecisionRequest::from(&request);
                    assert_eq!(
                        decision.action_digest,
                        request.event.payload["actionDigest"].as_str().unwrap()
                    );

                    let mut wrong = decision.clone();
                    wrong.action_digest.push('0');
                    let error = client.approve_run_action(wrong.clone()).await.unwrap_err();
                    let mismatch = error.action_digest_mismatch().unwrap();
                    assert_eq!(mismatch.expected, request.action_digest);
                    assert_eq!(mismatch.received, wrong.action_digest);

                    let decide = |decision| {
                        if approve {
                            client.approve_run_action(decision)
                        } else {
                            client.deny_run_action(decision)
                        }
                    };
                    let first = decide(decision.clone().reason("why")).await.unwrap();
                    let again = decide(decision.clone()).await.unwrap();
                    assert_eq!(
                        (first.sequence, &first.payload),
                        (again.sequence, &again.payload),
                        "recorded once"
                    );
                    let other = if approve {
                        client.deny_run_action(&request)
                    } else {
                        client.approve_run_action(&request)
                    };
                    let error = other.await.unwrap_err();
                    assert!(error.is_approval_already_decided() && error.is_conflict());
                    decisions += 1;
                }
                part => after.push(
                    serde_json::to_value(part).unwrap()["type"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                ),
            }
        }
        assert_eq!(decisions, 1);
        let last = if approve { "done" } else { "error" };
        assert!(
            after.contains(&"approval_decision".to_owned()) && after.last().unwrap() == last,
            "{after:?}"
        );
        assert_eq!(after.contains(&"execution".to_owned()), approve);
        let sent = world.router.requests();
        let bodies: Vec<_> = sent
            .iter()
            .filter(|r| r.path.contains("/actions/"))
            .map(agent_emulator::RecordedRequest::json)
            .collect();
        assert!(bodies.iter().all(|body| {
            body["actionDigest"]
                .as_str()
                .unwrap()
                .starts_with("sha256:")
        }));
    }
}

#[tokio::test]
async fn a_conversation_goes_on_and_is_closed() {
    let world = world().await;
    let client = &world.client;
    let first = run_agent(
        client,
        RunAgentCreateRequest::new("one").poll_interval(FAST),
    )
    .await
    .unwrap();
    let conversation: ConversationId = first.run.conversation();
    assert_eq!(conversation.first_run(), first.id);
    for turn in 2..=3 {
        let request =
            RunAgentResumeRequest::new(&conversation, format!("turn {turn}")).poll_interval(FAST);
        let result = run_agent(client, request).await.unwrap();
        assert_eq!(result.text, format!("Done: turn {turn}"));
        assert_ne!(result.id, first.id);
        assert_eq!(result.run.conversation(), conversation);
    }
    let turns = client.get_run_turns(&conversation).await.unwrap();
    assert_eq!(
        turns
            .items
            .iter()
            .map(|turn| turn.turn_number)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(client.close_run(&conversation).await.unwrap().reclaimed);
    assert!(client.close_run(&conversation).await.unwrap().closed);
    let error = client.continue_run(&conversation, "x").await.unwrap_err();
    assert_eq!(error.code(), Some("session_closed"));

    // Nothing to reclaim, so nothing is waited for.
    let claude = run_agent(
        client,
        RunAgentCreateRequest::new("t")
            .runtime(claude_code())
            .poll_interval(FAST),
    )
    .await
    .unwrap();
    assert!(
        !client
            .close_run(claude.run.conversation())
            .await
            .unwrap()
            .reclaimed
    );
}
