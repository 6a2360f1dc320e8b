//! Every step of the workflow failed once, and done once with its answer lost, by a loop over the steps.

use embedded::{Faults, TaskFault};

use crate::support::Scenario;

#[tokio::test]
async fn an_order_ends_the_same_whichever_step_fails_once_or_is_repeated() {
    for scenario in Scenario::ALL {
        for state in scenario.tasks() {
            for fault in [TaskFault::Fail, TaskFault::LoseAnswer] {
                let options = scenario.options(Faults::default());
                options.faults.inject(state, fault);
                let (order, history) = scenario.play(&options).await;
                assert!(
                    options.faults.all_struck(),
                    "{scenario:?} does not go through {state}"
                );
                assert!(
                    history.contains("InjectedFault"),
                    "{scenario:?}: {fault:?} in {state} did not strike"
                );
                assert_eq!(
                    order.state.status,
                    scenario.ends_as(),
                    "{scenario:?}: {fault:?} in {state}"
                );
                assert_eq!(order.state.attention, None, "{scenario:?}: {fault:?} in {state}");
            }
        }
    }
}
