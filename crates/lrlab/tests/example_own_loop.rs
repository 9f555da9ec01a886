//! The example of the README compiles and learns.

mod example {
    include!("../examples/own_loop.rs");

    #[test]
    fn learns() {
        main().unwrap();
    }
}
