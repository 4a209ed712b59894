function a = activate(z, activation)
  % The activations of the pre-activations Z, one column a sample.
  switch activation
    case 'linear'
      a = z;
    case 'relu'
      a = max(z, 0);
      if isnan(sum(z(:)))
        a(isnan(z)) = NaN;  % it stays: it comes of sums that overflowed
      end
    case 'sigmoid'
      a = 1 ./ (1 + exp(-z));
    case 'tanh'
      a = tanh(z);
    case 'softmax'
      a = exp(z - max(z, [], 1));
      a = a ./ sum(a, 1);
  end
end
