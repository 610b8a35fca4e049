//! Finds the row of a route table by method and path.

use hyper::{Method, Uri};

use super::path::{MalformedPath, check_target, decode};

/// A row of a route table, as the router reads it.
pub trait Route {
    /// The row's HTTP method, in capitals.
    fn method(&self) -> &'static str;
    /// The row's path: literal segments, and `{name}` for one segment of any text.
    fn path(&self) -> &'static str;
}

/// A route table, grouped by path.
pub struct Router<R: 'static> {
    paths: Vec<PathRoutes<R>>,
}

/// One path and its rows, one for each method.
struct PathRoutes<R: 'static> {
    path: &'static str,
    segments: Vec<&'static str>,
    rows: Vec<&'static R>,
}

/// The texts of the segments in braces, percent-decoded, in the path's order.
pub type Params = Vec<String>;

/// The result of a search in the route table.
pub enum Routed<R: 'static> {
    /// This row has the path and the method.
    Row(&'static R, Params),
    /// The path has rows, but none for this method. These are its methods, for `Allow`.
    OtherMethods(Vec<&'static str>),
    /// No row has this path.
    Nowhere,
}

impl<R: Route> Router<R> {
    /// Makes a router of these rows. Where two rows fit a request, the first one counts.
    pub fn new(rows: impl IntoIterator<Item = &'static R>) -> Self {
        let mut paths: Vec<PathRoutes<R>> = Vec::new();
        for row in rows {
            let segments: Vec<_> = segments(row.path()).collect();
            match paths.iter_mut().find(|routes| routes.path == row.path()) {
                Some(routes) => routes.rows.push(row),
                None => paths.push(PathRoutes { path: row.path(), segments, rows: vec![row] }),
            }
        }
        Self { paths }
    }

    /// Finds the row. HEAD has the row of GET. A request about the whole server (`OPTIONS *`) gets the methods of all rows.
    pub fn find(&self, method: &Method, uri: &Uri) -> Result<Routed<R>, MalformedPath> {
        let path = uri.path();
        if asks_about_the_server(method, path) {
            return Ok(Routed::OtherMethods(self.allowed()));
        }
        let Some((routes, params)) = self.find_path(path, uri.query())? else {
            return Ok(Routed::Nowhere);
        };
        let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
        Ok(match routes.rows.iter().find(|row| row.method() == wanted) {
            Some(row) => Routed::Row(row, params),
            None => Routed::OtherMethods(routes.allowed()),
        })
    }

    fn find_path(
        &self,
        path: &str,
        query: Option<&str>,
    ) -> Result<Option<(&PathRoutes<R>, Params)>, MalformedPath> {
        // Paths without braces are compared whole, which is fast.
        let known = self.paths.iter().find(|routes| routes.path == path && !routes.has_params());
        if let (Some(routes), None) = (known, query) {
            return Ok(Some((routes, Params::new())));
        }
        check_target(path, query)?;
        for routes in &self.paths {
            if let Some(params) = routes.fits(path) {
                let params: Result<_, _> =
                    params.into_iter().map(|text| decode(text).map(String::from)).collect();
                return Ok(Some((routes, params?)));
            }
        }
        Ok(None)
    }

    fn allowed(&self) -> Vec<&'static str> {
        let mut methods: Vec<_> = self.paths.iter().flat_map(PathRoutes::allowed).collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }
}

/// The segments of a path without the empty ones: `//a/` is `/a`. The live system's framework, Plug, does the same.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// `OPTIONS *`, and a CONNECT to a host (RFC 9112, 3.2.3 and 3.2.4).
fn asks_about_the_server(method: &Method, path: &str) -> bool {
    (path == "*" && *method == Method::OPTIONS) || (path.is_empty() && *method == Method::CONNECT)
}

impl<R: Route> PathRoutes<R> {
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

    struct TestRow(&'static str, &'static str);

    impl Route for TestRow {
        fn method(&self) -> &'static str {
            self.0
        }

        fn path(&self) -> &'static str {
            self.1
        }
    }

    static ROWS: [TestRow; 4] = [
        TestRow("POST", "/things"),
        TestRow("GET", "/things/{id}"),
        TestRow("PATCH", "/things/{id}/actions/do"),
        TestRow("PUT", "/things/{id}"),
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
