"""PCA against scikit-learn's, fitted on the same windows with a full singular value decomposition."""

import numpy as np
import pytest
import sklearn.decomposition
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ridgecode.autoencoders.pca import PCA


def some_windows(n: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Windows in [0, 1] whose directions differ in variance, as those of prints do."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, 1, max(1, height // 2), max(1, width // 2), generator=generator)
    fine = torch.rand(n, 1, height, width, generator=generator)
    return 0.7 * torch.nn.functional.interpolate(coarse, (height, width)) + 0.3 * fine


def peer_of(x: Tensor, latent_dim: int) -> sklearn.decomposition.PCA:
    return sklearn.decomposition.PCA(latent_dim, svd_solver="full").fit(x.flatten(1).double().numpy())


# More windows than pixels and fewer: `fit` takes another matrix in each case. 9000 pixels: summed in two parts.
@pytest.mark.parametrize(("n", "height", "width"), [(400, 8, 6), (40, 8, 6), (49, 8, 6), (48, 8, 6), (12, 90, 100)])
def test_equals_scikit_learn(n: int, height: int, width: int) -> None:
    x = some_windows(n, height, width)
    latent_dim = 7
    pca, peer = PCA.fit(x, latent_dim), peer_of(x, latent_dim)
    flat = x.flatten(1).double().numpy()

    np.testing.assert_allclose(pca.mean.numpy(), flat.mean(0), atol=1e-6)
    np.testing.assert_allclose(pca.variances.numpy(), peer.explained_variance_, rtol=1e-4)
    # An eigenvector's sign is arbitrary, in the peer too.
    sign = np.sign((pca.components.numpy() * peer.components_).sum(1))
    np.testing.assert_allclose(pca.components.numpy() * sign[:, None], peer.components_, atol=1e-3)
    np.testing.assert_allclose(pca.encode(x).numpy() * sign, peer.transform(flat), atol=2e-3)
    drawn = pca(x)
    np.testing.assert_allclose(drawn.x_hat.flatten(1).numpy(), peer.inverse_transform(peer.transform(flat)), atol=2e-3)
    assert torch.equal(drawn.z, pca.encode(x))
    assert torch.equal(pca.decode(drawn.z), drawn.x_hat.clamp(0, 1))


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 60), st.integers(1, 7), st.integers(1, 7), st.integers(0, 1000), st.data())
def test_squared_error_is_the_variance_left_out(
    n: int, height: int, width: int, seed: int, data: st.DataObject
) -> None:
    """Eckart & Young: the mean squared error is the sum of the eigenvalues that were dropped."""
    x = some_windows(n, height, width, seed)
    latent_dim = data.draw(st.integers(1, min(n - 1, height * width)))
    pca = PCA.fit(x, latent_dim)
    left_out = np.linalg.svd((x - x.mean(0)).flatten(1).double().numpy(), compute_uv=False)[latent_dim:] ** 2
    error = float((pca(x).x_hat - x).double().square().sum())
    assert error == pytest.approx(left_out.sum(), abs=1e-4)
    np.testing.assert_allclose((pca.components @ pca.components.T).numpy(), np.eye(latent_dim), atol=1e-4)


def test_first_components_are_those_of_a_smaller_fit() -> None:
    x = some_windows(200, 8, 8)
    cut, fitted = PCA.fit(x, 20).first(5), PCA.fit(x, 5)
    assert cut.latent_dim == 5
    for name, tensor in fitted.state_dict().items():
        torch.testing.assert_close(cut.state_dict()[name], tensor, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(cut.encode(x), PCA.fit(x, 20).encode(x)[:, :5], atol=1e-5, rtol=1e-5)


def test_all_components_give_the_windows_back() -> None:
    x = some_windows(100, 4, 5)
    torch.testing.assert_close(PCA.fit(x, 20).decode(PCA.fit(x, 20).encode(x)), x, atol=1e-5, rtol=0)
    few = some_windows(6, 8, 8)
    torch.testing.assert_close(PCA.fit(few, 5)(few).x_hat, few, atol=1e-5, rtol=0)


@pytest.mark.parametrize("n", [10, 30])
def test_fewer_directions_than_components(n: int) -> None:
    """Windows that repeat: what is left over has no variance, and is still a basis."""
    x = some_windows(3, 4, 4).repeat(n // 3, 1, 1, 1)
    for windows, directions in ((x, 2), (torch.full_like(x, 0.25), 0)):
        pca = PCA.fit(windows, 5)
        assert int((pca.variances > 1e-9).sum()) == directions
        torch.testing.assert_close(pca.components @ pca.components.T, torch.eye(5), atol=1e-5, rtol=0)
        torch.testing.assert_close(pca(windows).x_hat, windows, atol=1e-5, rtol=0)


def test_the_same_windows_give_the_same_components() -> None:
    x = some_windows(60, 6, 6)
    first, again = PCA.fit(x, 9), PCA.fit(x.clone(), 9)
    assert torch.equal(first.components, again.components)
    largest = first.components.gather(1, first.components.abs().argmax(1, keepdim=True))
    assert (largest > 0).all()


@pytest.mark.parametrize(("n", "latent_dim"), [(5, 5), (100, 17), (1, 1)])
def test_too_many_components(n: int, latent_dim: int) -> None:
    with pytest.raises(ValueError, match=f"{latent_dim} principal components"):
        PCA.fit(some_windows(n, 4, 4), latent_dim)
