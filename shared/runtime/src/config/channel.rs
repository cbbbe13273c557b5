//! Which channel of the merchant's a request goes to: of a gateway, and of a method there.

/// A gateway that windows may be opened at: `{pg}` or `{pg}.{mid}`, with `:{pay_method}+{pay_method}` if it is for these alone,
/// and with `={channelKey}` if it has one. A gateway may have a channel for each method (`pg/v1/nhn-kcp/readme.mdx`, 2026-06).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowChannel {
    /// `{pg}` or `{pg}.{mid}`.
    pub pg: String,
    /// The payment methods that it is for; any if there are none.
    pub pay_methods: Vec<String>,
    /// The channel's key in the console.
    pub channel_key: Option<String>,
}

impl WindowChannel {
    /// Reads an entry of the setting.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        let (named, channel_key) = entry.split_once('=').map_or((entry, None), |(named, key)| (named, Some(key)));
        let (pg, methods) = named.split_once(':').map_or((named, None), |(pg, methods)| (pg, Some(methods)));
        let pay_methods: Vec<&str> = methods.map(|methods| methods.split('+').collect()).unwrap_or_default();
        let word = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            !text.is_empty() && text.chars().all(allowed)
        };
        let fits = word(pg) && channel_key.is_none_or(word) && pay_methods.iter().all(|method| word(method));
        fits.then(|| Self {
            pg: pg.to_owned(),
            pay_methods: pay_methods.into_iter().map(str::to_owned).collect(),
            channel_key: channel_key.map(str::to_owned),
        })
    }

    /// Whether it is for this payment method, and was set up for it by name.
    pub(crate) fn names(&self, pay_method: &str) -> bool {
        self.pay_methods.iter().any(|named| named == pay_method)
    }

    /// Whether accounts can be issued through it: Iamport takes its key, and no other name.
    pub(super) fn issues_accounts(&self) -> bool {
        self.channel_key.is_some() && self.pay_methods.is_empty()
    }

    /// The gateway's code.
    #[must_use]
    pub fn code(&self) -> &str {
        pg_code(&self.pg)
    }
}

/// The gateway's code in `{pg}` or `{pg}.{mid}`.
pub(super) fn pg_code(pg: &str) -> &str {
    pg.split_once('.').map_or(pg, |(code, _)| code)
}

/// `pg` and channel key for a gateway and a method: the channel that is set up for both, or for the gateway, else the gateway as it
/// was named. The channel of billing keys is `of_keys`.
pub(crate) fn channel_among(
    channels: &[WindowChannel],
    (of_keys, channel_key): (Option<&str>, Option<&str>),
    pg: Option<&str>,
    pay_method: &str,
) -> (Option<String>, Option<String>) {
    let code = pg.or_else(|| channels.first().map(WindowChannel::code));
    let of_gateway = || channels.iter().filter(|channel| Some(channel.code()) == code);
    let set_up = of_gateway()
        .find(|channel| channel.names(pay_method))
        .or_else(|| of_gateway().find(|channel| channel.pay_methods.is_empty()));
    if let Some(channel) = set_up {
        return (Some(channel.pg.clone()), channel.channel_key.clone());
    }
    match pg {
        Some(code) if of_keys.map(pg_code) != Some(code) => (Some(code.to_owned()), None),
        Some(_) | None => (of_keys.map(str::to_owned), channel_key.map(str::to_owned)),
    }
}
