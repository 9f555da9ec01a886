"""Makes the files beside it with NumPy: `python make.py` in this folder."""

import numpy as np

six = np.arange(6).reshape(2, 3)
np.save("f4.npy", six.astype("<f4"))
np.save("f8_fortran.npy", np.asfortranarray(six.astype("<f8")))
np.save("i4_big_endian.npy", six.astype(">i4"))
with open("u1_version_2.npy", "wb") as file:
    np.lib.format.write_array(file, six.astype("u1"), version=(2, 0))
np.save("bool.npy", np.array([True, False, True]))
np.save("scalar.npy", np.float64(2.5))
np.save("text.npy", np.array(["setosa", "virginica"]))
np.save("structure.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save("half.npy", six.astype("f2"))
pictures = np.arange(24, dtype="u1").reshape(4, 2, 3)
labels = np.array([0, 1, 2, 1])
np.savez("pictures.npz", x_train=pictures, y_train=labels)
np.savez_compressed("pictures_compressed.npz", x_train=pictures, y_train=labels[:, None])
