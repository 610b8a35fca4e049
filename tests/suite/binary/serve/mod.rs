//! `esoz-otp serve`.
