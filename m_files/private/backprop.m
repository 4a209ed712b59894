function [value, dw, db] = backprop(layers, x, objective, dropout, factor)
  % Value and gradients of OBJECTIVE for one batch.  OBJECTIVE takes the last pre-activations and
  % the outputs, and gives the value and its derivative with respect to the pre-activations.
  % DROPOUT holds the share of values that a draw of rand leaves out in front of each layer; those
  % that stay are divided by what is left of 1 (Srivastava et al. 2014).  The gradients are
  % multiplied by FACTOR here, where that is cheap.
  count = numel(layers);
  inputs = cell(1, count);
  z = cell(1, count);
  a = cell(1, count);
  kept = cell(1, count);
  output = x;
  for k = 1:count
    inputs{k} = layer_input(layers{k}, output);
    if nargin > 3 && dropout(k) > 0
      scale = cast(1 / (1 - dropout(k)), class(output));
      kept{k} = (rand(size(output), class(output)) >= dropout(k)) * scale;
      inputs{k} = inputs{k} .* kept{k};
    end
    z{k} = layers{k}.weights * inputs{k} + layers{k}.bias;
    output = activate(z{k}, layers{k}.activation);
    a{k} = output;
  end
  [value, dz] = objective(z{count}, output);
  if nargin > 4
    dz = factor * dz;
  end
  dw = cell(1, count);
  db = cell(1, count);
  for k = count:-1:1
    % The rounding of an input has a derivative of one: the straight-through estimate.
    dw{k} = dz * inputs{k}.';
    db{k} = sum(dz, 2);
    if k > 1
      da = layers{k}.weights.' * dz;
      if ~isempty(kept{k})
        da = da .* kept{k};
      end
      dz = activation_backward(da, z{k - 1}, a{k - 1}, layers{k - 1}.activation);
    end
  end
end
