//! Webhooks on their way: dropped, doubled, late, out of order; and some that the PSP never sent.

use billing::usecase::WebhookHint;
use billing::{ImpUid, MerchantUid};

use super::setup::Webhooks;
use super::{Play, Scene};

impl Play<'_> {
    /// Takes what the PSP wants to send, and sends it, or not.
    pub(super) fn mail_notices(&mut self) {
        let notices = std::mem::take(&mut self.sim.world().notices);
        let Webhooks { dropped, doubled, late, late_seconds_max, .. } = self.setup.webhooks;
        for notice in notices {
            let (Ok(imp_uid), Ok(merchant_uid)) =
                (ImpUid::parse(&notice.imp_uid), MerchantUid::parse(&notice.merchant_uid))
            else {
                continue;
            };
            let hint = WebhookHint { imp_uid, merchant_uid };
            if self.mail.chance(dropped) {
                self.count("webhook dropped");
                continue;
            }
            let copies = if self.mail.chance(doubled) { 3 } else { 1 };
            if copies > 1 {
                self.count("webhook doubled");
            }
            for _ in 0..copies {
                let delay = if self.mail.chance(late) {
                    self.count("webhook late");
                    self.mail.between(1, late_seconds_max)
                } else {
                    0
                };
                self.after(delay, Scene::Webhook(hint.clone()));
            }
        }
    }

    /// A webhook that the PSP never sent: any order number, any payment.
    pub(super) fn forge(&mut self) {
        let merchant_uid = self.shop.some_order(&mut self.mail);
        let imp_uid = {
            let world = self.sim.world();
            let known: Vec<&str> = world.ledger.payments().iter().map(|payment| payment.imp_uid.as_str()).collect();
            let chosen = self.mail.pick(&known).filter(|_| self.mail.clone().chance(700)).copied();
            ImpUid::parse(chosen.unwrap_or("imp_000000000000"))
        };
        if let Ok(imp_uid) = imp_uid {
            self.count("webhook forged");
            self.after(0, Scene::Webhook(WebhookHint { imp_uid, merchant_uid }));
        }
    }
}
