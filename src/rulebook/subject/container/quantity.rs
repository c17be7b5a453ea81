//! Quantities: of Kubernetes (`500m`, `1Gi`, `1e3`), and of compose (`512m`, `1.5gb`). What is not whole is rounded up, as both do.

/// A quantity of Kubernetes in thousandths, rounded up
/// (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>).
fn thousandths(text: &str) -> Option<u128> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && part.is_empty()) || whole.len() > 18 || part.len() > 15 {
        return None;
    }
    let digits: u128 = format!("0{whole}{part}").parse().ok()?;
    // digits × multiplier ÷ divisor, in thousandths.
    let (multiplier, divisor): (u128, u128) = match suffix {
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "" => (1_000, 1),
        "k" => (1_000_000, 1),
        "M" => (10_u128.pow(9), 1),
        "G" => (10_u128.pow(12), 1),
        "T" => (10_u128.pow(15), 1),
        "P" => (10_u128.pow(18), 1),
        "E" => (10_u128.pow(21), 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        "Ei" => (1_000 << 60, 1),
        exponent => match exponent.strip_prefix(['e', 'E'])?.parse::<i32>().ok()? {
            power @ 0..=18 => (1_000 * 10_u128.pow(power.unsigned_abs()), 1),
            power @ -18..=-1 => (1_000, 10_u128.pow(power.unsigned_abs())),
            _ => return None,
        },
    };
    let divisor = divisor.checked_mul(10_u128.pow(u32::try_from(part.len()).ok()?))?;
    Some(digits.checked_mul(multiplier)?.div_ceil(divisor))
}

/// Bytes of a quantity of Kubernetes.
pub fn kube_bytes(text: &str) -> Option<u64> {
    thousandths(text.trim())?.div_ceil(1_000).try_into().ok()
}

/// Cores of a quantity of Kubernetes: `500m` is 0.5.
pub fn kube_cores(text: &str) -> Option<f64> {
    Some(thousandths(text.trim())? as f64 / 1_000.0)
}

/// Bytes as compose writes them: `b`, `k` or `kb`, `m`, `g`, `t`, by 1024; without a unit they are bytes
/// (<https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values>).
pub fn compose_bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let unit = match text[end..].trim() {
        "" | "b" => "",
        "k" | "kb" | "kib" => "Ki",
        "m" | "mb" | "mib" => "Mi",
        "g" | "gb" | "gib" => "Gi",
        "t" | "tb" | "tib" => "Ti",
        "p" | "pb" | "pib" => "Pi",
        _ => return None,
    };
    kube_bytes(&format!("{}{unit}", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_of_kubernetes() {
        let bytes = [
            ("1Gi", 1 << 30),
            ("1.5Ki", 1536),
            ("128974848", 128_974_848),
            ("129e6", 129_000_000),
            ("1k", 1000),
            (".5M", 500_000),
        ];
        for (text, value) in bytes {
            assert_eq!(kube_bytes(text), Some(value), "{text}");
        }
        assert_eq!(kube_bytes("400m"), Some(1), "a part of a byte is a byte");
        for (text, value) in [("500m", 0.5), ("2", 2.0), ("0.1", 0.1), ("1e-1", 0.1), ("100u", 0.001)] {
            assert_eq!(kube_cores(text), Some(value), "{text}");
        }
        for text in ["", "Gi", "1 Gi", "1gi", "1e99", "-1", "1.2.3", "99999999999999999999"] {
            assert_eq!(kube_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn quantities_of_compose() {
        for (text, value) in [
            ("512m", 512 << 20),
            ("1g", 1 << 30),
            ("1.5GB", 3 << 29),
            ("50b", 50),
            ("1024", 1024),
            ("0", 0),
            ("64 MiB", 64 << 20),
        ] {
            assert_eq!(compose_bytes(text), Some(value), "{text}");
        }
        assert_eq!(compose_bytes("x"), None);
        assert_eq!(compose_bytes("1x"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9.eEmMkKgGi +-]{0,12}") {
            kube_bytes(&text);
            kube_cores(&text);
            compose_bytes(&text);
        }
    }
}
