//! The table of operations: one row each.
//!
//! Paths can be overridden when a client is built (`HttpConfig::path`), by the names used here. Source: the vendor's
//! client; which operation may be sent twice is this crate's ruling, as the API takes no idempotency keys.

use agent_core::sdk::{Op, OpKind, Safety};

agent_core::operations! {
    AGENTS_RUN = Op::post("agents.run", "/api/v1/agents/run");
    AGENTS_STREAM = Op::post("agents.stream", "/api/v1/agents/run").kind(OpKind::Sse);
    // A trace has its ids: the second one of the same ids is the first.
    SEND_TRACE = Op::post("tracing.send_trace", "/api/v1/traces").safety(Safety::Safe);
    FILES_UPLOAD = Op::post("files.upload", "/api/v1/files");
    FILES_LIST = Op::get("files.list", "/api/v1/files");
    FILES_GET = Op::get("files.get", "/api/v1/files/{file_id}");
    FILES_DOWNLOAD =
        Op::get("files.download", "/api/v1/files/{file_id}/content").kind(OpKind::Download);
    FILES_DELETE = Op::delete("files.delete", "/api/v1/files/{file_id}");
    KNOWLEDGE_CREATE = Op::post("knowledge.create", "/api/v1/knowledge");
    KNOWLEDGE_LIST = Op::get("knowledge.list", "/api/v1/knowledge");
    KNOWLEDGE_GET = Op::get("knowledge.get", "/api/v1/knowledge/{knowledge_id}");
    KNOWLEDGE_UPDATE = Op::put("knowledge.update", "/api/v1/knowledge/{knowledge_id}");
    KNOWLEDGE_DELETE = Op::delete("knowledge.delete", "/api/v1/knowledge/{knowledge_id}");
    KNOWLEDGE_ADD_DOCUMENTS =
        Op::post("knowledge.add_documents", "/api/v1/knowledge/{knowledge_id}/documents");
    KNOWLEDGE_LIST_DOCUMENTS =
        Op::get("knowledge.list_documents", "/api/v1/knowledge/{knowledge_id}/documents");
    KNOWLEDGE_GET_DOCUMENT =
        Op::get("knowledge.get_document", "/api/v1/knowledge/{knowledge_id}/documents/{document_id}");
    KNOWLEDGE_DELETE_DOCUMENT =
        Op::delete("knowledge.delete_document", "/api/v1/knowledge/{knowledge_id}/documents/{document_id}");
}
