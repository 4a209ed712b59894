% -*- texinfo -*-
% @deftypefn {} {@var{outputs} =} predict_model (@var{model}, @var{X})
% Return what a model makes of samples, (outputs x samples).
%
% @var{model} is a struct of either shape, @code{layers} or @code{W} with @code{b}; a missing
% bias is zero, a missing activation is relu for hidden layers and linear for the last.
% @var{X} is (features x samples) and is computed with in the class of the weights.  Layers that
% quantize their inputs round them first.
%
% @example
% @group
% predict_model (struct ("W", @{@{[1, 2]@}@}, "b", @{@{0.5@}@}), [1; 1])
%    @result{} 3.5000
% @end group
% @end example
% @seealso{train_model, accuracy}
% @end deftypefn

function outputs = predict_model(model, X)
  if nargin ~= 2
    print_usage();
  end
  op = 'predict_model';
  layers = model_layers(op, 'MODEL', model);
  X = check_samples(op, 'X', X, columns(layers{1}.weights), class(layers{1}.weights));
  outputs = forward(layers, X);
end

%!test
%! model.W = {[1, -1; 2, 0], [1, 1]};
%! model.b = {[0; -1], 0.5};
%! assert(predict_model(model, [1, 0; 2, 1]), [1.5, 0.5]);
%! model.activation = {'linear', 'linear'};
%! assert(predict_model(model, [1, 0; 2, 1]), [0.5, -1.5]);
%!test
%! layer = struct('weights', [1; 1], 'activation', 'softmax');
%! assert(predict_model(struct('layers', {{layer}}), 3), [0.5; 0.5], eps);
%!test
%! layer = struct('codes', int8([2, -4]), 'scale', 0.5, 'zero_point', 0, 'scheme', 'symmetric');
%! assert(predict_model(struct('layers', {{layer}}), [1; 1]), -1);
%!test
%! layer = struct('weights', [0.5, 0.25], 'input_scale', 0.5, 'input_zero_point', uint8(1), ...
%!                'input_bits', int64(8));
%! assert(predict_model(struct('layers', {{layer}}), [1.1; 0.6]), 0.625);
%!test
%! model = struct('W', [1, -1], 'b', 0);  % no cells: one layer
%! assert(predict_model(model, [2; 1]), 1);
%! model.activation = 'sigmoid';
%! assert(predict_model(model, [1; 1]), 0.5);
%!test
%! model.layers(1).bias = [1; 1];  % Octave gives the other layer an empty bias
%! model.layers(2).weights = [1, 1];
%! model.layers(1).weights = [1; 2];
%! assert(predict_model(model, 1), 5);
%! model = struct('W', {{1, 2}}, 'b', {{[], 1}}, 'mask', []);
%! assert(predict_model(model, 3), 7);
%!test
%! layer = struct('weights', [1, 2], 'mask', [1, 0]);
%! assert(predict_model(struct('layers', layer), [1; 1]), 1);
%!test
%! layer = struct('codes', int16([2, -4]), 'scale', 0.5, 'scheme', 'affine');
%! model = quantize_model(struct('layers', layer), 'bits', 4);
%! assert(predict_model(struct('layers', layer), [1; 1]), -1);
%! layer.mask = [1, 0];
%! assert(predict_model(struct('layers', layer), [1; 1]), 1);
%!test
%! model = quantize_model(struct('W', {{single([0.1, 0.2]), 3}}));
%! assert(model.W{1}, double(model.codes{1}) * model.scale{1});
%!test
%! shared = struct('codes', uint8([1; 0]), 'codebook', single([-2, 0.5]), 'scheme', 'codebook');
%! assert(predict_model(struct('layers', shared), 3), single([1.5; -6]));
%! shared.bias = [1; 1];
%! shared.mask = [true; false];
%! assert(predict_model(struct('layers', shared), 3), [2.5; 1]);
%! model = struct('codes', {{int16([0, 1])}}, 'codebook', {{[3; 4]}}, 'scheme', {{'codebook'}});
%! assert(predict_model(model, [1; 1]), 7);
%!error <MODEL must be a model> predict_model(3, 1)
%!error <layer 1 of MODEL must be a struct> predict_model(struct('layers', 3), 1)
%!error <b of MODEL must be a cell array, one cell a layer> ...
%! predict_model(struct('W', {{1, 2}}, 'b', 3), 1)
%!error <layer 1 of MODEL must have scale beside codes> ...
%! predict_model(struct('layers', struct('codes', int8(1))), 1)
%!error <layer 1 of MODEL must have scheme beside codes> ...
%! predict_model(struct('layers', struct('codes', int8(1), 'scale', 1)), 1)
%!error <codes of layer 1 of MODEL must be a matrix of an integer class> ...
%! predict_model(struct('layers', struct('codes', 1, 'scale', 1, 'scheme', 'affine')), 1)
%!error <scale of layer 1 of MODEL must have size 1x1, 1x1 or 1x1, got 1x2> ...
%! predict_model(struct('layers', struct('codes', int8(1), 'scale', [1, 1], 'scheme', 'grid')), 1)
%!error <codes of layer 1 of MODEL must stand for the weights> ...
%! predict_model(struct('layers', struct('codes', int8(1), 'scale', 1, 'scheme', 'affine', ...
%!                                       'weights', 7)), 1)
%!error <layer 1 of MODEL must have input_bits beside input_scale> ...
%! predict_model(struct('layers', struct('weights', 1, 'input_scale', 1, ...
%!                                       'input_zero_point', 0)), 1)
%!error <layer 1 of MODEL must have codebook beside codes> ...
%! predict_model(struct('layers', struct('codes', int8(0), 'scheme', 'codebook')), 1)
%!error <codes of layer 1 of MODEL must be in \[0, 1\], got -1> ...
%! predict_model(struct('layers', struct('codes', int8([1, -1]), 'scheme', 'codebook', ...
%!                                       'codebook', [1, 2])), [1; 1])
%!error <codes of layer 1 of MODEL must be in \[0, 1\], got 2> ...
%! predict_model(struct('layers', struct('codes', uint8([1, 2]), 'scheme', 'codebook', ...
%!                                       'codebook', [1, 2])), [1; 1])
%!error <codebook of layer 1 of MODEL must be in ascending order> ...
%! predict_model(struct('layers', struct('codes', uint8(0), 'scheme', 'codebook', ...
%!                                       'codebook', [2, 1])), 1)
%!error <codebook of layer 1 of MODEL must not contain NaN> ...
%! predict_model(struct('layers', struct('codes', uint8(0), 'scheme', 'codebook', ...
%!                                       'codebook', NaN)), 1)
%!error <codebook of layer 1 of MODEL must be one row of levels, got 2x2> ...
%! predict_model(struct('layers', struct('codes', uint8(0), 'scheme', 'codebook', ...
%!                                       'codebook', [1, 2; 3, 4])), 1)
%!error <bits of layer 1 of MODEL must be 2 for 3 levels, got 5> ...
%! predict_model(struct('layers', struct('codes', uint8(0), 'scheme', 'codebook', 'bits', 5, ...
%!                                       'codebook', [1, 2, 3])), 1)
%!error <mask of layer 1 of MODEL must not contain NaN> ...
%! predict_model(struct('layers', struct('weights', 1, 'mask', NaN)), 1)
%!error <layer 1 of MODEL must not contain NaN> predict_model(struct('W', {{NaN}}), 1)
%!error <X must have 1 features, got 2> predict_model(struct('W', {{1}}), [1; 2])
%!error <X must be in \[-3.4028234663852886e\+38, 3.4028234663852886e\+38\], .* got 2e\+39> ...
%! predict_model(struct('W', {{single(1)}}), [1, 2e39])
%!test  % Inf - Inf is no 0 behind a relu
%! model = struct('W', {{single([1; -1]), single([1, 1]), single(1)}});
%! model.activation = {'linear', 'relu', 'linear'};
%! assert(predict_model(model, [3.4e38, 1]), single([0, 0]));
%! model.W{1} = single([2; -2]);
%! assert(predict_model(model, [3.4e38, 1]), single([NaN, 0]));
%!error <layer 2 of MODEL must take 1 inputs, got 2> predict_model(struct('W', {{1, [1, 2]}}), 1)
