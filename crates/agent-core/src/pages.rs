//! Lists that come in pages: the driver that turns a vendor's rules into items or into whole pages.
//!
//! How a page is asked for and what follows it is the vendor's ([`Paging`]).

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::config::CallOptions;
use crate::error::{Error, Result};
use crate::pipeline::Pipeline;
use crate::request::Request;
use crate::response::Response;
use crate::retry::RetryPolicy;
use crate::timeouts::Limit;
use crate::transport::BoxFuture;

/// One page of a list.
pub trait Page: Send + 'static {
    /// What the list is made of.
    type Item: Send + 'static;

    /// The items, in order.
    fn into_items(self) -> Vec<Self::Item>;
}

/// A vendor's rules for reading one list page by page: pure, without clock or socket.
pub trait Paging: Send + 'static {
    /// A page.
    type Page: Page;

    /// The request for the next page.
    fn request(&mut self) -> Request;

    /// Reads the answer to it, and says what comes next.
    fn read(&mut self, answer: &Response) -> Result<(Self::Page, After)>;
}

/// What comes after a page.
#[derive(Debug)]
pub enum After {
    /// Another page.
    More,
    /// Nothing: it was the last.
    End,
    /// This error: the list can not be read further.
    Fail(Error),
}

/// All items of a list, asked for page by page.
///
/// A stream of items; [`by_page`](Self::by_page) gives whole pages instead. Sends nothing until it is polled, and asks
/// for a page only when the one before is used up. An error is the last item. Each page is a call of its own: the options,
/// and the client's limits, hold for each.
///
/// What changes on the server meanwhile may be seen twice or not at all: that is in the nature of offsets.
#[must_use = "a list sends nothing until it is polled"]
pub struct Pages<P: Page> {
    reader: Reader<P>,
    items: VecDeque<P::Item>,
}

impl<P: Page> Pages<P> {
    /// Limits one attempt of each request. Zero is refused.
    pub fn timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.reader.options.attempt = Some(limit.into());
        self
    }

    /// When and how failed requests are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.reader.options.retry = Some(policy);
        self
    }

    /// The next item, or `None` after the last one or after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<P::Item>> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    /// All items that are left. Mind how many they may be.
    pub async fn all(mut self) -> Result<Vec<P::Item>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// Whole pages instead of items, from the next page on.
    pub fn by_page(self) -> ByPage<P> {
        ByPage {
            reader: self.reader,
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<P::Item>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.reader.poll_page(cx)) {
                None => return Poll::Ready(None),
                Some(Ok(page)) => self.items = page.into_items().into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<P: Page> Stream for Pages<P>
where
    P::Item: Unpin,
{
    type Item = Result<P::Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

impl<P: Page> FusedStream for Pages<P>
where
    P::Item: Unpin,
{
    fn is_terminated(&self) -> bool {
        self.items.is_empty() && matches!(self.reader.state, State::Over)
    }
}

impl<P: Page> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// The pages of a list: made by [`Pages::by_page`].
#[must_use = "a list sends nothing until it is polled"]
pub struct ByPage<P: Page> {
    reader: Reader<P>,
}

impl<P: Page> ByPage<P> {
    /// The next page, or `None` after the last one or after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<P>> {
        std::future::poll_fn(|cx| self.reader.poll_page(cx)).await
    }
}

impl<P: Page> Stream for ByPage<P> {
    type Item = Result<P>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.reader.poll_page(cx)
    }
}

impl<P: Page> fmt::Debug for ByPage<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPage").finish_non_exhaustive()
    }
}

impl Pipeline {
    /// A list by the rules of `paging`.
    pub fn pages<G: Paging>(&self, paging: G) -> Pages<G::Page> {
        Pages {
            reader: Reader {
                pipeline: self.clone(),
                options: CallOptions::default(),
                paging: Some(Box::new(paging)),
                state: State::Idle,
            },
            items: VecDeque::new(),
        }
    }
}

type Rules<P> = Box<dyn Paging<Page = P>>;

struct Reader<P: Page> {
    pipeline: Pipeline,
    options: CallOptions,
    /// The rules; with the request while one is under way.
    paging: Option<Rules<P>>,
    state: State<P>,
}

enum State<P> {
    Idle,
    Asking(BoxFuture<'static, Asked<P>>),
    Failed(Error),
    Over,
}

type Asked<P> = (Rules<P>, Result<(P, After)>);

impl<P: Page> Reader<P> {
    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<P>>> {
        loop {
            match &mut self.state {
                State::Idle => {
                    let Some(mut paging) = self.paging.take() else {
                        self.state = State::Over;
                        continue;
                    };
                    let (pipeline, options) = (self.pipeline.clone(), self.options.clone());
                    self.state = State::Asking(Box::pin(async move {
                        let result = ask(&mut *paging, pipeline, options).await;
                        (paging, result)
                    }));
                }
                State::Asking(asking) => {
                    let (paging, result) = ready!(asking.as_mut().poll(cx));
                    self.paging = Some(paging);
                    let (page, after) = match result {
                        Ok(read) => read,
                        Err(error) => {
                            self.state = State::Over;
                            return Poll::Ready(Some(Err(error)));
                        }
                    };
                    self.state = match after {
                        After::More => State::Idle,
                        After::End => State::Over,
                        After::Fail(error) => State::Failed(error),
                    };
                    return Poll::Ready(Some(Ok(page)));
                }
                State::Failed(_) => {
                    if let State::Failed(error) = std::mem::replace(&mut self.state, State::Over) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                State::Over => return Poll::Ready(None),
            }
        }
    }
}

async fn ask<P: Page>(
    paging: &mut dyn Paging<Page = P>,
    pipeline: Pipeline,
    options: CallOptions,
) -> Result<(P, After)> {
    let request = paging.request();
    let operation = request.op().name;
    let answer = pipeline
        .call(request, |answer| Ok(answer.clone()))
        .with_options(options)
        .await?;
    let (page, after) = paging.read(&answer)?;
    let after = match after {
        After::Fail(error) => After::Fail(error.with_operation(operation)),
        after => after,
    };
    Ok((page, after))
}
