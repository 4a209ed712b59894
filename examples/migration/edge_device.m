% A network for a device that counts in steps: trained, thinned out, and put on a grid.
%
%   octave-cli examples/migration/edge_device.m
%
% docs/migration.md moves it to Python.

here = fileparts(mfilename('fullpath'));
addpath(fullfile(here, '..', '..', 'm_files'));
addpath(fullfile(here, '..', '..', 'm_files', 'compat'));

% Readings of four sensors, one sample a column.
rand('twister', 7);
X = rand(4, 60);
Y = X(1, :) .* X(2, :) + X(3, :) / 2;
model = trainNetwork(X, Y, [4, 6, 1], 'adam', 'mse', 40);

% Connections below a fifth of the largest one go.
W = model.W{1};
threshold = 0.2 * max(abs(W));
mask = abs(W) >= threshold;
W = W .* mask;
model.W{1} = W;
kept = sum(mask(:)) / numel(mask);

% The device reads the activation from a table of half steps, in whole numbers.
table = round(-8:0.5:8);
spread = std(W(:));
[~, order] = sort(sum(abs(W), 2), 'descend');

out = predict_model(model, X);
error_now = mse(out, Y);
printf('%d %% of the connections left, mean squared error %.4f\n', round(100 * kept), error_now);
save('-v7', 'edge_device.mat', '-struct', 'model', 'W', 'b', 'activation');
