//! Orders, money, status and the rules about them. Pure.
