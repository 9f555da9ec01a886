//! Readers of users' files: what was written is read back, and anything else is refused with its place.

use lrlab_train::data;
use proptest::{collection::vec, prelude::*};

use data::{
    images::{Images, Part},
    read::{
        Array, Limits, Numbers, ReadError, Source,
        delimited::{Form, Separator, Told},
        idx, npy,
        npz::Archive,
    },
};

mod reader_harness;

use reader_harness::{
    LIMITS, bits, gzip, holds_of_idx, holds_of_npy, holds_of_npz, holds_of_table, holds_of_text, idx_of,
    npy_of, npy_with, npz_of, rows, source, written,
};

/// The array, written by NumPy itself.
macro_rules! by_numpy {
    ($name:literal) => {
        source(include_bytes!(concat!("numpy/", $name)))
    };
}

fn why<T: std::fmt::Debug>(result: Result<T, ReadError>) -> String {
    result.expect_err("has to be refused").to_string()
}

/// Shapes of few numbers, an axis of length 0 among them.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    vec(0_usize..5, 0..4)
}

fn arrays() -> impl Strategy<Value = Array> {
    shapes().prop_flat_map(|shape| {
        let len = shape.iter().product::<usize>();
        let numbers = prop_oneof![
            vec(any::<u8>(), len).prop_map(Numbers::Bytes),
            vec(any::<i64>(), len).prop_map(Numbers::Integers),
            vec(any::<f32>(), len).prop_map(Numbers::Singles),
            vec(any::<f64>(), len).prop_map(Numbers::Doubles),
        ];
        numbers.prop_map(move |numbers| Array { shape: shape.clone(), numbers })
    })
}

/// A separator, and cells with what is hard about them.
fn tables() -> impl Strategy<Value = (Separator, Vec<Vec<String>>)> {
    let cell = "[a-z0-9,;|\"\\t\\r\\n. é-]{0,6}".prop_map(|cell| cell.trim().to_owned());
    let rows = (1_usize..5).prop_flat_map(move |width| vec(vec(cell.clone(), width), 0..6));
    (proptest::sample::select(&Separator::ALL), rows)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_with_their_place(bytes in vec(any::<u8>(), 0..300)) {
        holds_of_table(&bytes);
        holds_of_npy(&bytes);
        holds_of_npz(&bytes);
        holds_of_idx(&bytes);
        holds_of_text(&bytes);
        let zipped = gzip(&bytes);
        holds_of_table(&zipped);
        holds_of_idx(&zipped);
    }

    #[test]
    fn any_text_is_read_or_refused_with_its_place(text in ".{0,200}") {
        holds_of_table(text.as_bytes());
        holds_of_text(text.as_bytes());
    }

    #[test]
    fn a_table_is_read_as_it_was_written((separator, cells) in tables()) {
        let width = cells.first().map_or(1, Vec::len);
        let names = (0..width).map(|at| format!("n{at}")).collect();
        let form = Form { separator, header: true, names };
        let told = Told { separator: Some(separator), header: None };
        let (read, again) = rows(&written(&form, &cells), told).unwrap();
        prop_assert_eq!(read, form);
        prop_assert_eq!(again, cells);
    }

    #[test]
    fn an_array_is_read_as_it_was_written(array in arrays()) {
        let bytes = npy_of(&array);
        prop_assert_eq!(bits(&npy::read(&source(&bytes), &LIMITS).unwrap()), bits(&array));
        let archive = npz_of(&[("other", &array), ("x", &array)]);
        let mut archive = Archive::open(&source(&archive), &LIMITS).unwrap();
        prop_assert_eq!(bits(&archive.array("x").unwrap()), bits(&array));
    }

    #[test]
    fn an_array_that_breaks_off_or_goes_on_is_refused(array in arrays(), cut in 0.0..1.0_f64) {
        let mut bytes = npy_of(&array);
        let end = (bytes.len() as f64 * cut) as usize;
        prop_assert!(npy::read(&source(&bytes[..end]), &LIMITS).is_err());
        bytes.push(0);
        prop_assert!(why(npy::read(&source(&bytes), &LIMITS)).contains("the file goes on"));
    }

    #[test]
    fn an_idx_is_read_as_it_was_written_zipped_or_not(
        shape in vec(0_usize..6, 1..4),
        byte in any::<u8>(),
        cut in 0.0..1.0_f64,
    ) {
        let numbers: Vec<u8> = (0..shape.iter().product::<usize>()).map(|at| byte.wrapping_add(at as u8)).collect();
        let file = idx_of(&shape, &numbers);
        let zipped = gzip(&file);
        for bytes in [&file, &zipped] {
            let array = idx::read(&source(bytes), &LIMITS).unwrap();
            prop_assert_eq!((&array.shape, array.numbers), (&shape, Numbers::Bytes(numbers.clone())));
            let end = (bytes.len() as f64 * cut) as usize;
            prop_assert!(idx::read(&source(&bytes[..end]), &LIMITS).is_err());
        }
    }

    #[test]
    fn fortrans_order_and_big_endians_are_turned(shape in shapes(), first in -9_i16..9) {
        let len = shape.iter().product::<usize>();
        let numbers: Vec<i64> = (i64::from(first)..).take(len).collect();
        let plain = Array { shape: shape.clone(), numbers: Numbers::Integers(numbers.clone()) };
        let big: Vec<u8> = numbers.iter().flat_map(|x| (*x as i16).to_be_bytes()).collect();
        prop_assert_eq!(&npy::read(&source(&npy_with(">i2", false, &shape, &big)), &LIMITS).unwrap(), &plain);
        // In Fortran's order the numbers of the transposed array follow one another.
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        let read = npy::read(&source(&npy_with(">i2", true, &reversed, &big)), &LIMITS).unwrap();
        for (at, number) in numbers.iter().enumerate() {
            let (mut rest, mut index) = (at, Vec::new());
            for axis in shape.iter().rev() {
                index.push(rest % axis);
                rest /= axis;
            }
            // `index` is the place of `at` in the reversed shape.
            let place = index.iter().zip(&reversed).fold(0, |place, (i, axis)| place * axis + i);
            prop_assert_eq!(read.numbers.get(place), *number as f64);
        }
    }
}

#[test]
fn files_that_numpy_wrote_are_read() {
    let expected = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    for (file, whole) in [
        (by_numpy!("f4.npy"), false),
        (by_numpy!("f8_fortran.npy"), false),
        (by_numpy!("i4_big_endian.npy"), true),
        (by_numpy!("u1_version_2.npy"), true),
    ] {
        let array = npy::read(&file, &LIMITS).unwrap();
        assert_eq!(array.shape, [2, 3]);
        assert_eq!((0..6).map(|at| array.numbers.get(at)).collect::<Vec<_>>(), expected);
        assert_eq!(array.numbers.are_whole(), whole);
    }
    let flags = npy::read(&by_numpy!("bool.npy"), &LIMITS).unwrap();
    assert_eq!(flags, Array { shape: vec![3], numbers: Numbers::Bytes(vec![1, 0, 1]) });
    let number = npy::read(&by_numpy!("scalar.npy"), &LIMITS).unwrap();
    assert_eq!((number.shape.len(), number.numbers.get(0)), (0, 2.5));
    for file in [by_numpy!("pictures.npz"), by_numpy!("pictures_compressed.npz")] {
        let images = Images::from_npz(&file, Part::Train, &LIMITS).unwrap().unwrap();
        assert_eq!((images.len(), images.channels, images.height, images.width), (4, 1, 2, 3));
        assert_eq!((images.labels, images.classes), (vec![0, 1, 2, 1], 3));
        assert_eq!(Images::from_npz(&file, Part::Test, &LIMITS).unwrap(), None);
    }
}

#[test]
fn arrays_of_other_things_are_refused_with_what_to_do() {
    assert!(
        why(npy::read(&by_numpy!("text.npy"), &LIMITS)).contains("number the classes, with numpy.unique")
    );
    assert!(
        why(npy::read(&by_numpy!("structure.npy"), &LIMITS))
            .contains("save each field as an array of its own")
    );
    assert!(why(npy::read(&by_numpy!("half.npy"), &LIMITS)).contains("use array.astype"));
    let claim = |descr: &str| why(npy::read(&source(&npy_with(descr, false, &[1], &[2; 8])), &LIMITS));
    assert!(claim("|O").contains("Python objects"));
    assert!(claim("=f4").contains("neither < nor >"));
    assert!(claim("|b1").contains("expected a boolean"));
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_anything_is_read() {
    let told =
        why(npy::read(&source(&npy_with("<f8", false, &[1_000_000_000_000], &[])), &Limits::default()));
    assert!(told.contains("shape [1000000000000], and the limit is 268435456 numbers"), "{told}");
    let wraps = why(npy::read(&source(&npy_with("<f8", false, &[usize::MAX, 3], &[])), &LIMITS));
    assert!(wraps.contains("and the limit is 2048 numbers"), "{wraps}");
    let long = b"\x93NUMPY\x02\x00\xff\xff\xff\xff".as_slice();
    assert!(why(npy::read(&source(long), &LIMITS)).contains("claims a length of 4294967295 bytes"));
    let idx = [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255];
    assert!(why(idx::read(&source(&idx), &LIMITS)).contains("and the limit is 2048 numbers"));
}

#[test]
fn a_table_tells_what_is_wrong_by_line_and_cell() {
    let told = |text: &str| why(rows(text.as_bytes(), Told::default()));
    assert_eq!(told(""), "made: the file holds no rows: a table has a row for each example");
    assert!(told("a,b\n1,2\n3\n").starts_with("made, line 3: has 1 cells, and the first row has 2"));
    assert!(told("a,a\n1,2\n").starts_with("made, line 1: two columns are called \"a\""));
    assert!(told("a,b\n\"1,2\n3,4\n").starts_with("made, line 2: has 1 cells"));
    let latin = why(rows(b"a,b\n1,caf\xe9\n", Told::default()));
    assert!(latin.starts_with("made, line 2: cell 2 is no UTF-8"), "{latin}");
    let wide = ["x"; 65].join(",");
    assert_eq!(told(&wide), "made, line 1: has 65 cells, and the limit is 64");
}

#[test]
fn the_form_of_a_table_is_taken_from_its_first_row() {
    let form =
        |name: &str, text: &str| Form::of(&Source::bytes(name, text.as_bytes()), Told::default(), &LIMITS);
    let of = |text: &str| form("t.csv", text).map(|form| (form.separator, form.header)).unwrap();
    assert_eq!(of("a;b;c\n1,5;2;3\n"), (Separator::Semicolon, true));
    assert_eq!(of("a|b\n1|2\n"), (Separator::Bar, true));
    assert_eq!(of("\"a,b,c\"\td\n"), (Separator::Tab, true));
    assert_eq!(of("1,2,x\n"), (Separator::Comma, false));
    assert_eq!(of("one\n"), (Separator::Comma, true));
    assert_eq!(form("t.TSV.gz", "a,b\n").unwrap().separator, Separator::Tab);
    assert_eq!(form("t.csv", "5.1,setosa\n").unwrap().names, ["column 1", "column 2"]);
    // The index that pandas writes has no name.
    assert_eq!(form("t.csv", ",a\n0,1\n").unwrap().names, ["column 1", "a"]);
}

#[test]
fn a_gzip_stream_that_breaks_off_or_is_broken_is_told() {
    let mut zipped = gzip(&b"a,b\n1,2\n".repeat(500));
    let half = why(rows(&zipped[..zipped.len() / 2], Told::default()));
    assert!(half.contains("the gzip stream breaks off here: the file is incomplete"), "{half}");
    zipped[20] ^= 0xff;
    assert!(why(rows(&zipped, Told::default())).starts_with("made, byte "));
}
