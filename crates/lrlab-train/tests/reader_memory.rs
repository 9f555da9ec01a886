//! Readers hold what is allowed and no more, whatever a file claims of itself and however long it goes on.
//! One test: the allocator counts for the whole process.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::{self, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use flate2::{Compression, write::GzEncoder};
use lrlab_train::data::{
    corpus::Corpus,
    read::{
        Limits, ReadError, Source,
        delimited::{Form, Separator, Told},
        idx, npy,
        npz::Archive,
    },
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// The system's allocator, with the most bytes that were held at once.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::SeqCst) + layout.size();
        MOST.fetch_max(held, Ordering::SeqCst);
        // SAFETY: the caller's promises hold for the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;

/// What `read` is refused with, and the MiB that it held at most.
fn refused<T: std::fmt::Debug>(read: impl FnOnce() -> Result<T, ReadError>) -> (String, usize) {
    let before = HELD.load(Ordering::SeqCst);
    MOST.store(before, Ordering::SeqCst);
    let why = read().expect_err("has to be refused").to_string();
    (why, (MOST.load(Ordering::SeqCst) - before).div_ceil(MIB))
}

/// So many bytes that are read from nowhere.
fn endless(byte: u8, bytes: u64) -> Source {
    Source::stream("endless.csv", move || Box::new(io::repeat(byte).take(bytes)))
}

/// The row `1,2` over and over.
struct Rows;

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let whole = buffer.len() / 4 * 4;
        buffer[..whole].chunks_exact_mut(4).for_each(|row| row.copy_from_slice(b"1,2\n"));
        Ok(whole)
    }
}

/// So many zeros, compressed.
fn bomb(begin: &[u8], zeros: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(begin).expect("memory takes it");
    io::copy(&mut io::repeat(0).take(zeros as u64), &mut encoder).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn memory_stays_below_the_limits() {
    let limits = Limits::default();
    let comma = Told { separator: Some(Separator::Comma), header: Some(false) };

    // One line of 2 GB: without and with a quotation mark that never closes, and of nothing but cells.
    let (why, mib) = refused(|| Form::of(&endless(b'a', 2 << 30), Told::default(), &limits));
    assert!(why.starts_with("endless.csv, line 1: goes on for more than 1048576 bytes"), "{why}");
    assert!(mib <= 4, "{mib} MiB");
    let (_, mib) = refused(|| Form::of(&endless(b'"', 2 << 30), comma, &limits));
    assert!(mib <= 4, "{mib} MiB");
    let (_, mib) = refused(|| Form::of(&endless(b',', 2 << 30), comma, &limits));
    assert!(mib <= 32, "{mib} MiB");

    // Content without an end, of rows that are fine.
    let rows = Source::stream("rows.csv", || Box::new(Rows));
    let few = Limits { content: 8 << 20, ..limits };
    let form = Form::of(&rows, comma, &few).unwrap();
    let (why, mib) = refused(|| form.each_row(&rows, &few, &mut |_| Ok(())));
    assert!(why.contains("the content goes on beyond 8388608 bytes, which is the limit"), "{why}");
    assert!(mib <= 2, "{mib} MiB");

    // Gzip bombs: 256 MiB of zeros in 1 MiB or less, as a table, as an IDX and as a text.
    let zeros: Arc<[u8]> = bomb(&[], 256 * MIB).into();
    let source = Source::bytes("bomb.csv.gz", Arc::clone(&zeros));
    let (why, mib) = refused(|| Form::of(&source, Told::default(), &limits));
    assert!(why.contains("goes on for more than 1048576 bytes"), "{why}");
    assert!(mib <= 4, "{mib} MiB");
    let few = Limits { values: MIB, ..limits };
    let (why, mib) = refused(|| Corpus::read(&source, &few));
    assert!(why.contains("more than 1048576 characters, which is the limit"), "{why}");
    assert!(mib <= 16, "{mib} MiB");
    let claims_one_byte = bomb(&[0, 0, 8, 1, 0, 0, 0, 1], 256 * MIB);
    let source = Source::bytes("bomb.gz", claims_one_byte);
    let (why, mib) = refused(|| idx::read(&source, &limits));
    assert!(why.contains("the array ends here, but the file goes on"), "{why}");
    assert!(mib <= 2, "{mib} MiB");

    // Headers that claim 10^12 numbers, or all that is allowed where nothing follows.
    for (claim, told) in [
        ("1000000000000", "the limit is 268435456 numbers"),
        ("268435456", "the file ends after 0 of 268435456 numbers"),
    ] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({claim},), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        let source = Source::bytes("claims.npy", bytes);
        let (why, mib) = refused(|| npy::read(&source, &limits));
        assert!(why.contains(told), "{why}");
        assert!(mib <= 1, "{mib} MiB");
    }

    // A zip bomb inside of an archive.
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("x.npy", SimpleFileOptions::default()).unwrap();
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
    zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
    zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    zip.write_all(header.as_bytes()).unwrap();
    io::copy(&mut io::repeat(0).take(64 << 20), &mut zip).unwrap();
    let source = Source::bytes("bomb.npz", zip.finish().unwrap().into_inner());
    let (why, mib) = refused(|| Archive::open(&source, &limits)?.array("x"));
    assert!(why.contains("the array ends here, but the file goes on"), "{why}");
    assert!(mib <= 2, "{mib} MiB");
}
