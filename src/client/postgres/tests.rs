//! Addresses and logins; servers are asked in `tests/postgres`.

use super::*;

fn login(url: &str) -> Login {
    Login { url: url.into(), ..Login::default() }
}

#[test]
fn addresses_are_read_and_members_put_into_them() {
    let mut login = login("postgres://flightdeck@db:5433/postgres");
    assert_eq!(login.address(), "db:5433");
    login.server = Some(("10.0.0.7".into(), 5432));
    assert_eq!(login.address(), "10.0.0.7:5432");
    login.server = Some(("fd00::7".into(), 5432));
    assert_eq!(login.address(), "[fd00::7]:5432");
    login.url = "postgres://flightdeck@db/postgres?sslmode=verify-full".into();
    assert_eq!(login.address(), "[fd00::7]:5432");
    assert!(login.is_verified());
    login.url = "postgres://flightdeck@db/postgres?sslmode=require".into();
    assert!(!login.is_verified());
}

#[test]
fn what_is_no_address_is_said() {
    for wrong in ["", "db:5432", "http://db"] {
        assert!(login(wrong).check().is_err(), "{wrong}");
    }
    for secret in ["postgres://a:hunter2@b/c", "postgres://a@b/c?password=hunter2", "postgresql://a:@b"] {
        let told = login(secret).check().expect_err("refused");
        assert!(told.reason.contains("a password in the address") && !told.reason.contains("hunter2"), "{told}");
    }
    for host in ["", "a&password=x", "a/b", "/var/run", "a b", "a%20"] {
        let login = Login { server: Some((host.into(), 5432)), ..login("postgres://a@b/c") };
        assert!(login.check().is_err_and(|error| error.reason.contains("no host")), "{host}");
    }
}

#[test]
fn a_password_is_read_late_and_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    let login = Login { password: Some(SecretFrom::File(file.clone())), ..login("postgres://a@b/c") };
    assert!(login.check().is_ok(), "the file is only needed to connect");
    assert!(login.options().is_err_and(|error| error.reason.contains("cannot be read")));
    std::fs::write(file, "hunter2\n").expect("written");
    assert!(login.options().is_ok());
    assert!(!format!("{login:?} {}", login.address()).contains("hunter2"));
}

#[test]
fn another_database_of_the_same_server() {
    let of = |url: &str, name: &str| login(url).in_database(name).map(|login| login.url);
    assert_eq!(
        of("postgres://a@b:5433/c?sslmode=require", "shop"),
        Ok("postgres://a@b:5433/shop?sslmode=require".into())
    );
    assert_eq!(of("postgres://a@b", "shop"), Ok("postgres://a@b/shop".into()));
    for wrong in ["", "a b", "a?host=x", "a/b"] {
        assert!(of("postgres://a@b/c", wrong).is_err(), "{wrong}");
    }
}
