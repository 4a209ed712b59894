function dz = activation_backward(da, z, a, activation)
  % The derivative with respect to Z, from the one with respect to A = activate (Z).
  switch activation
    case 'linear'
      dz = da;
    case 'relu'
      dz = da .* (z > 0);
    case 'sigmoid'
      dz = da .* (a .* (1 - a));
    case 'tanh'
      dz = da .* (1 - a .* a);
    case 'softmax'
      dz = a .* (da - sum(da .* a, 1));
  end
end
