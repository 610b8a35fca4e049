//! From method and path to a row of a table.

use hyper::{Method, Uri};

use super::path::{MalformedPath, check_target, decode};

/// What a router needs to know of a row.
pub trait Route {
    /// Its method, in capitals.
    fn method(&self) -> &'static str;
    /// Its path: literal segments, and `{name}` for one segment of whatever text.
    fn path(&self) -> &'static str;
}

/// A table of rows, by path.
pub struct Router<R: 'static> {
    places: Vec<Place<R>>,
}

/// One path, and the rows that are on it.
struct Place<R: 'static> {
    path: &'static str,
    segments: Vec<&'static str>,
    rows: Vec<&'static R>,
}

/// What the segments in braces were, decoded, in their order.
pub type Params = Vec<String>;

/// Where a request belongs.
pub enum Routed<R: 'static> {
    /// To this row.
    Row(&'static R, Params),
    /// To no row, but the path has some with other methods: those of `Allow`.
    OtherMethods(Vec<&'static str>),
    /// Nowhere.
    Nowhere,
}

impl<R: Route> Router<R> {
    /// A router over these rows; the first of two that fit wins.
    pub fn new(rows: impl IntoIterator<Item = &'static R>) -> Self {
        let mut places: Vec<Place<R>> = Vec::new();
        for row in rows {
            let segments: Vec<_> = segments(row.path()).collect();
            match places.iter_mut().find(|place| place.path == row.path()) {
                Some(place) => place.rows.push(row),
                None => places.push(Place { path: row.path(), segments, rows: vec![row] }),
            }
        }
        Self { places }
    }

    /// Finds the row. A HEAD goes where a GET goes; what asks about the server as a whole is told all its methods.
    pub fn find(&self, method: &Method, uri: &Uri) -> Result<Routed<R>, MalformedPath> {
        let path = uri.path();
        if asks_about_the_server(method, path) {
            return Ok(Routed::OtherMethods(self.allowed()));
        }
        let Some((place, params)) = self.place(path, uri.query())? else {
            return Ok(Routed::Nowhere);
        };
        let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
        Ok(match place.rows.iter().find(|row| row.method() == wanted) {
            Some(row) => Routed::Row(row, params),
            None => Routed::OtherMethods(place.allowed()),
        })
    }

    fn place(
        &self,
        path: &str,
        query: Option<&str>,
    ) -> Result<Option<(&Place<R>, Params)>, MalformedPath> {
        // Most calls are for paths without braces, which are found by a look at their length.
        let known = self.places.iter().find(|place| place.path == path && !place.has_params());
        if let (Some(place), None) = (known, query) {
            return Ok(Some((place, Params::new())));
        }
        check_target(path, query)?;
        for place in &self.places {
            if let Some(params) = place.fits(path) {
                let params: Result<_, _> =
                    params.into_iter().map(|text| decode(text).map(String::from)).collect();
                return Ok(Some((place, params?)));
            }
        }
        Ok(None)
    }

    fn allowed(&self) -> Vec<&'static str> {
        let mut methods: Vec<_> = self.places.iter().flat_map(Place::allowed).collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }
}

/// The segments of a path. Empty ones are dropped, as Plug does, which the live system is built on: `//a/` is `/a`.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// `OPTIONS *`, and a CONNECT to a host (RFC 9112, 3.2.3 and 3.2.4).
fn asks_about_the_server(method: &Method, path: &str) -> bool {
    (path == "*" && *method == Method::OPTIONS) || (path.is_empty() && *method == Method::CONNECT)
}

impl<R: Route> Place<R> {
    fn has_params(&self) -> bool {
        self.path.contains('{')
    }

    fn fits<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut params = Vec::new();
        let mut given = segments(path);
        for segment in &self.segments {
            let text = given.next()?;
            if segment.starts_with('{') {
                params.push(text);
            } else if *segment != text {
                return None;
            }
        }
        given.next().is_none().then_some(params)
    }

    fn allowed(&self) -> Vec<&'static str> {
        let mut methods: Vec<_> = self.rows.iter().map(|row| row.method()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Row(&'static str, &'static str);

    impl Route for Row {
        fn method(&self) -> &'static str {
            self.0
        }

        fn path(&self) -> &'static str {
            self.1
        }
    }

    static ROWS: [Row; 4] = [
        Row("POST", "/things"),
        Row("GET", "/things/{id}"),
        Row("PATCH", "/things/{id}/actions/do"),
        Row("PUT", "/things/{id}"),
    ];

    fn find(method: &Method, path: &str) -> String {
        let Ok(uri) = path.parse() else { return "no target".into() };
        match Router::new(&ROWS).find(method, &uri) {
            Ok(Routed::Row(row, params)) => format!("{} {} {params:?}", row.0, row.1),
            Ok(Routed::OtherMethods(methods)) => methods.join(", "),
            Ok(Routed::Nowhere) => "nowhere".into(),
            Err(MalformedPath) => "malformed".into(),
        }
    }

    #[test]
    fn finds_rows_by_method_and_path() {
        assert_eq!(find(&Method::GET, "/things/7"), r#"GET /things/{id} ["7"]"#);
        assert_eq!(find(&Method::HEAD, "/things/7"), r#"GET /things/{id} ["7"]"#);
        assert_eq!(find(&Method::PUT, "/things/%2B7"), r#"PUT /things/{id} ["+7"]"#);
        assert_eq!(
            find(&Method::PATCH, "/things/a%2Fb/actions/do"),
            r#"PATCH /things/{id}/actions/do ["a/b"]"#
        );
        assert_eq!(find(&Method::DELETE, "/things/7"), "GET, PUT, HEAD");
        assert_eq!(find(&Method::HEAD, "/things"), "POST");
    }

    #[test]
    fn a_path_is_taken_literally() {
        for path in ["/", "//", "/thing", "/THINGS", "/things/7/actions", "/things/7//actions"] {
            assert_eq!(find(&Method::GET, path), "nowhere", "{path}");
        }
        assert_eq!(find(&Method::GET, "/things/%zz"), "malformed");
        assert_eq!(find(&Method::GET, "/else/%00"), "malformed");
        assert_eq!(find(&Method::GET, "/things/{id}"), "malformed");
        assert_eq!(find(&Method::POST, "/things?a=%"), "malformed");
        assert_eq!(find(&Method::POST, "/things?a=%20"), "POST /things []");
    }

    #[test]
    fn empty_segments_of_a_path_are_dropped_and_no_others() {
        for path in ["//things/7", "/things//7", "/things/7/", "///things///7///"] {
            assert_eq!(find(&Method::GET, path), r#"GET /things/{id} ["7"]"#, "{path}");
        }
        assert_eq!(find(&Method::POST, "/things/"), "POST /things []");
        assert_eq!(find(&Method::DELETE, "//things//7"), "GET, PUT, HEAD");
        assert_eq!(
            find(&Method::PATCH, "/things//actions/do"),
            "nowhere",
            "an empty segment is no text for the braces"
        );
        assert_eq!(find(&Method::GET, "/things/%2F"), r#"GET /things/{id} ["/"]"#);
        for path in ["//things/./7", "//things/..", "/things//%2e", "//things//%zz"] {
            assert_eq!(find(&Method::GET, path), "malformed", "{path}");
        }
    }

    #[test]
    fn a_question_about_the_server_is_told_all_methods() {
        assert_eq!(find(&Method::OPTIONS, "*"), "GET, HEAD, PATCH, POST, PUT");
        assert_eq!(find(&Method::CONNECT, "host:80"), "GET, HEAD, PATCH, POST, PUT");
        assert_eq!(find(&Method::CONNECT, "/things"), "POST");
        assert_eq!(find(&Method::GET, "*"), "malformed");
        assert_eq!(find(&Method::GET, "host:80"), "malformed");
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in any::<String>()) {
            let _ = find(&Method::GET, &path);
        }

        #[test]
        fn slashes_too_many_change_nothing(path in "/(things|[a-c%.]{1,3})(/(actions|do|[0-9]{1,2}|%2F)){0,3}", more in 1_usize..4) {
            let doubled = path.replace('/', &"/".repeat(more));
            let found = find(&Method::PATCH, &path);
            prop_assert_eq!(find(&Method::PATCH, &doubled), found.clone());
            prop_assert_eq!(find(&Method::PATCH, &(doubled + "/")), found);
        }

        #[test]
        fn what_stands_in_braces_comes_back(text in "[^\\p{Cc}]{1,20}") {
            let escaped: Vec<_> = text.bytes().map(|b| format!("%{b:02x}")).collect();
            let found = find(&Method::GET, &format!("/things/{}", escaped.concat()));
            let walks = text.split(['/', '\\']).any(|part| part == "." || part == "..");
            let expected = format!("GET /things/{{id}} {:?}", [&text]);
            prop_assert_eq!(found, if walks { "malformed".into() } else { expected });
        }
    }
}
