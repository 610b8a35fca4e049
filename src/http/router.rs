//! From method and path to a row of a table.

use hyper::Method;

use super::path::{MalformedPath, decode};

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
            let segments: Vec<_> = row.path().split('/').collect();
            match places.iter_mut().find(|place| place.path == row.path()) {
                Some(place) => place.rows.push(row),
                None => places.push(Place { path: row.path(), segments, rows: vec![row] }),
            }
        }
        Self { places }
    }

    /// Finds the row. A HEAD goes where a GET goes.
    pub fn find(&self, method: &Method, path: &str) -> Result<Routed<R>, MalformedPath> {
        let Some((place, params)) = self.place(path)? else { return Ok(Routed::Nowhere) };
        let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
        Ok(match place.rows.iter().find(|row| row.method() == wanted) {
            Some(row) => Routed::Row(row, params),
            None => Routed::OtherMethods(place.allowed()),
        })
    }

    fn place(&self, path: &str) -> Result<Option<(&Place<R>, Params)>, MalformedPath> {
        // Most calls are for paths without braces, which are found by a look at their length.
        if let Some(place) = self.places.iter().find(|place| place.path == path) {
            return Ok(Some((place, Params::new())));
        }
        for place in &self.places {
            if let Some(params) = place.fits(path) {
                let params: Result<_, _> =
                    params.into_iter().map(|text| decode(text).map(String::from)).collect();
                return Ok(Some((place, params?)));
            }
        }
        // A path that nothing answers to is still refused for its escapes.
        path.split('/').try_for_each(|segment| decode(segment).map(drop))?;
        Ok(None)
    }
}

impl<R: Route> Place<R> {
    fn fits<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut params = Vec::new();
        let mut given = path.split('/');
        for segment in &self.segments {
            let text = given.next()?;
            if segment.starts_with('{') {
                if text.is_empty() {
                    return None;
                }
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
        match Router::new(&ROWS).find(method, path) {
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
        for path in [
            "/things/{id}/",
            "/",
            "",
            "/thing",
            "/things/",
            "//things",
            "/things/7/",
            "/THINGS",
            "/things/7/actions",
        ] {
            assert_eq!(find(&Method::GET, path), "nowhere", "{path}");
        }
        assert_eq!(find(&Method::GET, "/things/%zz"), "malformed");
        assert_eq!(find(&Method::GET, "/else/%00"), "malformed");
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in any::<String>()) {
            let _ = find(&Method::GET, &path);
        }
    }
}
