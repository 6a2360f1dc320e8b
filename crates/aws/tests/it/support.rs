//! Tables as the template has them, a queue, a topic that another queue listens to, and a state machine that ends at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws::{Connection, Settings, Store, Variable};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use domain::{Currency, CustomerId, OrderId, OrderLine, PlacedOrder, Product, ProductId, Quantity};
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::metrics::Metrics;
use template::{KeySchema, System, Table};
use tokio::sync::OnceCell;

const MACHINE: &str = r#"{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}"#;

/// Keeps what is counted.
#[derive(Debug, Default)]
pub struct Counts(Mutex<Vec<String>>);

impl Counts {
    /// What was counted since this was asked last.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add(&self, name: &str, dimensions: &[(&'static str, &str)], value: &str) {
        let values: Vec<&str> = dimensions.iter().map(|(_, value)| *value).collect();
        let counted = format!("{name}{{{}}} {value}", values.join(","));
        self.0.lock().unwrap().push(counted);
    }
}

impl Metrics for Counts {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.add(name, dimensions, &format!("+{value}"));
    }

    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        self.add(name, dimensions, &format!("={value}"));
    }
}

/// What the adapters work on, made anew for each run of the tests.
#[derive(Debug, Clone)]
pub struct Resources {
    pub names: HashMap<Variable, String>,
    /// Gets what is published on the topic.
    pub listener_url: String,
    pub endpoint: String,
    /// What the stores count.
    pub counts: Arc<Counts>,
}

impl Resources {
    /// The same for every test of this process.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Resources> = OnceCell::const_new();
        SHARED.get_or_init(Self::make).await
    }

    /// Resources that no other test sees.
    pub async fn make() -> Self {
        let endpoint =
            std::env::var("ORDERMILL_AWS_ENDPOINT").expect("ORDERMILL_AWS_ENDPOINT names the counterpart");
        let run = uuid::Uuid::now_v7().simple().to_string();
        let (system, _) = System::built_in().expect("the built-in template is right");
        let mut names = HashMap::new();
        for (variable, id) in [
            (Variable::OrdersTable, "OrdersTable"),
            (Variable::InventoryTable, "InventoryTable"),
            (Variable::HoldsTable, "HoldsTable"),
            (Variable::IdempotencyTable, "IdempotencyTable"),
            (Variable::PaymentsTable, "PaymentsTable"),
            (Variable::OutboxTable, "OutboxTable"),
            (Variable::AnalyticsTable, "AnalyticsTable"),
        ] {
            let table = system
                .tables
                .iter()
                .find(|table| table.id.as_str() == id)
                .expect(id);
            let name = format!("{id}-{run}");
            create_table(&endpoint, table, &name).await;
            names.insert(variable, name);
        }
        let queue_url = create_queue(&endpoint, &format!("orders-{run}")).await;
        let listener_url = create_queue(&endpoint, &format!("listener-{run}")).await;
        names.insert(Variable::OrderQueueUrl, queue_url);
        names.insert(
            Variable::OrderTopicArn,
            create_topic(&endpoint, &run, &listener_url).await,
        );
        names.insert(Variable::StateMachineArn, create_machine(&endpoint, &run).await);
        Self {
            names,
            listener_url,
            endpoint,
            counts: Arc::default(),
        }
    }

    /// A store over all of it.
    pub fn store(&self) -> Arc<Store> {
        self.store_with(&[], &self.endpoint)
    }

    /// A store of which some names are wrong, or at another address.
    pub fn store_with(&self, others: &[(Variable, &str)], endpoint: &str) -> Arc<Store> {
        let mut names = self.names.clone();
        names.extend(
            others
                .iter()
                .map(|(variable, name)| (*variable, (*name).to_owned())),
        );
        let read = |name| {
            let variable = Variable::ALL
                .into_iter()
                .find(|variable| variable.name() == name)?;
            names.get(&variable).cloned()
        };
        let settings = Settings::read(&Variable::ALL, read).expect("all are named");
        Arc::new(Store::new(
            &connection(endpoint),
            settings,
            Arc::clone(&self.counts) as Arc<dyn Metrics>,
        ))
    }

    pub fn name(&self, variable: Variable) -> &str {
        &self.names[&variable]
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        dynamodb(&self.endpoint)
    }

    /// The bodies of the messages on a queue that are about this order; all stay hidden afterwards.
    pub async fn messages(&self, url: &str, order: OrderId) -> Vec<String> {
        let mut bodies = self.all_messages(url).await;
        bodies.retain(|body| body.contains(&order.to_string()));
        bodies
    }

    /// The bodies of the messages on a queue; they stay hidden afterwards.
    pub async fn all_messages(&self, url: &str) -> Vec<String> {
        let sqs = sqs(&self.endpoint);
        let mut bodies = Vec::new();
        loop {
            let answer = sqs
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(10)
                .visibility_timeout(600)
                .send()
                .await
                .unwrap();
            if answer.messages().is_empty() {
                return bodies;
            }
            bodies.extend(
                answer
                    .messages()
                    .iter()
                    .filter_map(|m| m.body())
                    .map(str::to_owned),
            );
        }
    }

    /// Makes SES send from this address.
    pub async fn verify_address(&self, address: &str) {
        let made = ses(&self.endpoint)
            .create_email_identity()
            .email_identity(address)
            .send()
            .await;
        if let Err(error) = made {
            let error = error.into_service_error();
            assert!(error.is_already_exists_exception(), "{error:?}");
        }
    }

    /// The names of the state machine's executions.
    pub async fn executions(&self) -> Vec<String> {
        let answer = states(&self.endpoint)
            .list_executions()
            .state_machine_arn(self.name(Variable::StateMachineArn))
            .send()
            .await
            .unwrap();
        answer
            .executions()
            .iter()
            .map(|execution| execution.name.clone())
            .collect()
    }
}

/// An order of two of a product that is there.
pub async fn order(store: &Store) -> Arc<PlacedOrder> {
    let price = "29.99".parse().unwrap();
    let product_id = ProductId::new(format!("P-{}", store.next_order_id())).unwrap();
    let product = Product {
        product_id: product_id.clone(),
        name: "Mug".into(),
        price,
        currency: Currency::USD,
        stock: 10,
    };
    store.put_product(product).await.unwrap();
    let order_id = store.next_order_id();
    Arc::new(PlacedOrder {
        order_id,
        customer_id: CustomerId::new("CUST-001").unwrap(),
        total_amount: price.times(2).unwrap(),
        currency: Currency::USD,
        created_at: order_id.created_at(),
        items: vec![OrderLine {
            product_id,
            quantity: Quantity::new(2).unwrap(),
            price,
        }],
        customer_email: Some("customer@example.com".into()),
        customer_phone: None,
        metadata: None,
        trace_id: "0123456789abcdef0123456789abcdef".into(),
    })
}

/// Sets an attribute of a stored order, as if time had passed.
pub async fn set(resources: &Resources, order: OrderId, name: &str, value: AttributeValue) {
    resources
        .dynamodb()
        .update_item()
        .table_name(resources.name(Variable::OrdersTable))
        .key("orderId", AttributeValue::S(order.to_string()))
        .key("createdAt", AttributeValue::S(order.created_at().to_string()))
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .unwrap();
}

fn connection(endpoint: &str) -> Connection {
    let variables = HashMap::from([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", endpoint),
    ]);
    Connection::read(|name| variables.get(name).map(|value| (*value).to_owned())).unwrap()
}

macro_rules! client {
    ($name:ident, $sdk:ident) => {
        fn $name(endpoint: &str) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new("us-east-1"))
                .credentials_provider(connection(endpoint).credentials)
                .endpoint_url(endpoint)
                .http_client(aws_smithy_http_client::Builder::new().build_http())
                .build();
            $sdk::Client::from_conf(config)
        }
    };
}
client!(dynamodb, aws_sdk_dynamodb);
client!(sqs, aws_sdk_sqs);
client!(sns, aws_sdk_sns);
client!(states, aws_sdk_sfn);
client!(ses, aws_sdk_sesv2);

async fn create_table(endpoint: &str, table: &Table, name: &str) {
    let elements = |key: &KeySchema| {
        let element = |name: &str, kind| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .unwrap()
        };
        let mut elements = vec![element(&key.partition.name, KeyType::Hash)];
        elements.extend(key.sort.as_ref().map(|sort| element(&sort.name, KeyType::Range)));
        elements
    };
    let keys = std::iter::once(&table.key).chain(table.indexes.iter().map(|index| &index.key));
    let mut attributes: Vec<&str> = keys
        .flat_map(|key| std::iter::once(&key.partition).chain(&key.sort))
        .map(|attribute| attribute.name.as_str())
        .collect();
    attributes.sort_unstable();
    attributes.dedup();
    let definition = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let index = |index: &template::SecondaryIndex| {
        let kind = match index.projection {
            template::Projection::All => ProjectionType::All,
            template::Projection::KeysOnly => ProjectionType::KeysOnly,
            template::Projection::Include(_) => ProjectionType::Include,
        };
        GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(elements(&index.key)))
            .projection(Projection::builder().projection_type(kind).build())
            .build()
            .unwrap()
    };
    let indexes: Vec<_> = table.indexes.iter().map(index).collect();
    dynamodb(endpoint)
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(elements(&table.key)))
        .set_attribute_definitions(Some(attributes.into_iter().map(definition).collect()))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .unwrap();
}

async fn create_queue(endpoint: &str, name: &str) -> String {
    let answer = sqs(endpoint)
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .unwrap();
    answer.queue_url.unwrap()
}

async fn create_topic(endpoint: &str, run: &str, listener_url: &str) -> String {
    let sns = sns(endpoint);
    let topic = sns
        .create_topic()
        .name(format!("topic-{run}"))
        .send()
        .await
        .unwrap();
    let topic = topic.topic_arn.unwrap();
    let name = aws_sdk_sqs::types::QueueAttributeName::QueueArn;
    let queue = sqs(endpoint)
        .get_queue_attributes()
        .queue_url(listener_url)
        .attribute_names(name.clone())
        .send()
        .await
        .unwrap();
    sns.subscribe()
        .topic_arn(&topic)
        .protocol("sqs")
        .endpoint(&queue.attributes.unwrap()[&name])
        .send()
        .await
        .unwrap();
    topic
}

async fn create_machine(endpoint: &str, run: &str) -> String {
    let answer = states(endpoint)
        .create_state_machine()
        .name(format!("machine-{run}"))
        .definition(MACHINE)
        .role_arn("arn:aws:iam::000000000000:role/states")
        .send()
        .await
        .unwrap();
    answer.state_machine_arn
}
