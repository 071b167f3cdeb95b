//! The products with the actions that are simulated, and what each of them sees of the world.

use crate::answer::Answer;
use crate::caller::Caller;
use crate::identifier::Counters;
use crate::parameters::Parameters;
use crate::request_context::{Moment, RequestContext};
use crate::settings::Settings;
use crate::smc::Client;
use crate::world::World;
use crate::{dts, ecs, ram, redis, smc, sts};

type Actions<A> = &'static [(&'static str, A)];

/// The actions of a product.
enum Product {
    Ram(Actions<ram::Act>),
    Sts(Actions<sts::Act>),
    Dts(Actions<dts::Act>),
    Redis(Actions<redis::Act>),
    Ecs(Actions<ecs::Act>),
    Smc(Actions<smc::Act>),
}

/// Every product with the actions that are simulated.
const PRODUCTS: &[(&str, Product)] = &[
    ("RAM", Product::Ram(ram::ACTIONS)),
    ("STS", Product::Sts(sts::ACTIONS)),
    ("DTS", Product::Dts(dts::ACTIONS)),
    ("R-kvstore", Product::Redis(redis::ACTIONS)),
    ("ECS", Product::Ecs(ecs::ACTIONS)),
    ("SMC", Product::Smc(smc::ACTIONS)),
];

impl Product {
    fn names(&self) -> Vec<&'static str> {
        fn names<A>(actions: Actions<A>) -> Vec<&'static str> {
            actions.iter().map(|(name, _)| *name).collect()
        }
        match self {
            Self::Ram(actions) => names(actions),
            Self::Sts(actions) => names(actions),
            Self::Dts(actions) => names(actions),
            Self::Redis(actions) => names(actions),
            Self::Ecs(actions) => names(actions),
            Self::Smc(actions) => names(actions),
        }
    }

    fn act(&self, action: &str) -> Option<Act> {
        fn find<A: Copy>(actions: Actions<A>, action: &str) -> Option<A> {
            let found = actions.iter().find(|(name, _)| *name == action);
            found.map(|(_, act)| *act)
        }
        match self {
            Self::Ram(actions) => find(actions, action).map(Act::Ram),
            Self::Sts(actions) => find(actions, action).map(Act::Sts),
            Self::Dts(actions) => find(actions, action).map(Act::Dts),
            Self::Redis(actions) => find(actions, action).map(Act::Redis),
            Self::Ecs(actions) => find(actions, action).map(Act::Ecs),
            Self::Smc(actions) => find(actions, action).map(Act::Smc),
        }
    }
}

/// Returns every simulated action and its product: `("RAM", "CreateRole")`.
pub fn simulated() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRODUCTS
        .iter()
        .flat_map(|(product, actions)| actions.names().into_iter().map(|action| (*product, action)))
}

impl World {
    /// Returns whether the action is simulated; one that is not answers `NotSimulated` with status 501.
    pub fn simulated(&self, product: &str, action: &str) -> bool {
        Act::of(product, action).is_some()
    }
}

/// One action of a product, as a function.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Ram(ram::Act),
    Sts(sts::Act),
    Dts(dts::Act),
    Redis(redis::Act),
    Ecs(ecs::Act),
    Smc(smc::Act),
}

/// A call that has been let in.
pub(crate) struct Call<'a> {
    pub moment: Moment,
    pub caller: &'a Caller,
    pub region: String,
    pub parameters: Parameters<'a>,
}

impl<'a> Call<'a> {
    fn context<W>(
        self,
        world: W,
        settings: &'a Settings,
        counters: &'a mut Counters,
    ) -> RequestContext<'a, W> {
        RequestContext {
            world,
            settings,
            counters,
            now: self.moment.now_ms,
            moment: self.moment,
            caller: self.caller,
            region: self.region,
            parameters: self.parameters,
        }
    }
}

impl Act {
    /// Returns the action of this name; `None` if it is not simulated.
    pub fn of(product: &str, action: &str) -> Option<Self> {
        let named = |(name, _): &&(&str, Product)| name.eq_ignore_ascii_case(product);
        let (_, product) = PRODUCTS.iter().find(named)?;
        product.act(action)
    }

    /// Answers a call, with what the product sees of the world.
    pub fn run(self, world: &mut World, call: Call<'_>) -> Answer {
        let World {
            settings,
            counters,
            ram,
            redis,
            ecs,
            smc,
            sessions,
            paid,
            ..
        } = world;
        let seed = call.moment.seed;
        match self {
            Self::Ram(act) => act(&mut call.context(ram, settings, counters)),
            Self::Sts(act) => {
                let view = sts::View { ram, sessions };
                act(&mut call.context(view, settings, counters))
            }
            Self::Redis(act) => act(&mut call.context(redis, settings, counters)),
            Self::Dts(act) => {
                let (view, counters) = world.dts_view();
                let settings = view.settings;
                act(&mut call.context(view, settings, counters))
            }
            Self::Ecs(act) => {
                let mut client = Client {
                    smc,
                    settings,
                    seed,
                };
                let view = ecs::View {
                    accounts: ecs,
                    paid,
                    file: &world.ecs_file,
                    program: &mut |script, counters| client.run(script, counters),
                };
                act(&mut call.context(view, settings, counters))
            }
            Self::Smc(act) => {
                let (view, counters) = world.smc_view();
                let settings = view.settings;
                act(&mut call.context(view, settings, counters))
            }
        }
    }
}
